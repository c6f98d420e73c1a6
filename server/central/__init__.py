"""The door at /v1 for the clients of ODK Central: pyodk, ruODK, Power BI, Excel, Tableau.

Owns the wire: Central's addresses, JSON, OData 4.0 and error codes. Who may see what, and
every change, is the rooms'. Of its modules `schema`, `tables`, `edmx`, `queries` and
`filters` are pure.
"""
