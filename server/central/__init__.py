"""The door at /v1 for the clients of ODK Central: pyodk, ruODK, Power BI, Excel, Tableau.

Holds Central's URLs, JSON, OData 4.0 and error codes. Who may see what, and every change, is
decided in the rooms. The modules `schema`, `tables`, `edmx`, `queries` and `filters` are pure.
"""
