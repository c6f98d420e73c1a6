"""An XForm written by hand, as other tools than pyxform write them."""

from __future__ import annotations

XFORM = b"""<?xml version="1.0" encoding="UTF-8"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
  xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms"
  xmlns:entities="http://www.opendatakit.org/xforms/entities" xmlns:ruhu="urn:ruhu:xforms">
  <!-- written by hand -->
  <h:head>
    <h:title>Garden &amp; trees</h:title>
    <model entities:entities-version='2024.1.0'>
      <itext><translation lang="English (en)">
        <text id="oak"><value>Oak</value></text><text id="elm"><value>Elm</value></text>
        <text id="place"><value>Place</value><value form="image">jr://images/map.png</value></text>
      </translation></itext>
      <instance>
        <garden id="garden" orx:version="0" version='1'>
          <owner/><body/><kind/><colour/>
          <plants jr:template=""><plant/><height/></plants>
          <at><place/><photo/></at>
          <orx:meta><orx:instanceID/><orx:instanceName/>
            <entity dataset="gardens" id="" create="1"><label/></entity></orx:meta>
        </garden>
      </instance>
      <instance id="trees"><root>
        <item><name>oak</name><itextId>oak</itextId></item>
        <item><name>elm</name><itextId>elm</itextId></item>
      </root></instance>
      <bind nodeset="/garden/owner" type="string" required="true()" entities:saveto="owner"/>
      <bind id="b" nodeset="/garden/body" type="int"/>
      <bind nodeset="/garden/kind" type="string"/>
      <bind nodeset="/garden/colour" type="string"/>
      <bind nodeset="/garden/plants/plant" type="string"/>
      <bind nodeset="/garden/plants/height" type="decimal"/>
      <bind nodeset="/garden/at/place" type="geopoint"/>
      <bind nodeset="/garden/at/photo" type="binary"/>
      <bind nodeset="/garden/meta/instanceID" type="string" readonly="true()" calculate="concat('uuid:', uuid())"/>
      <bind nodeset="/garden/meta/instanceName" type="string" calculate=" /garden/owner "/>
      <bind nodeset="/garden/meta/entity/@id" type="string" calculate="uuid()"/>
      <bind nodeset="/garden/meta/entity/label" type="string" calculate=" /garden/owner "/>
    </model>
  </h:head>
  <h:body>
    <input ref="/garden/owner"><label>Owner</label></input>
    <input bind="b"><label>Body</label></input>
    <select1 ref="/garden/kind"><label>Kind</label>
      <itemset nodeset="instance('trees')/root/item"><value ref="name"/><label ref="jr:itext(itextId)"/></itemset></select1>
    <select ref="/garden/colour"><label>Colours</label>
      <item><label>Red</label><value>r</value></item><item><label>Green</label><value>g</value></item></select>
    <group ref="/garden/plants"><label>Plants</label><repeat nodeset="/garden/plants">
      <input ref="/garden/plants/plant"><label>Plant</label></input>
      <input ref="/garden/plants/height"><label>Height</label></input>
    </repeat></group>
    <group ref="/garden/at"><input ref="place"><label ref="jr:itext('place')"/></input>
      <upload ref="photo" mediatype="image/*"><label>Photo</label></upload></group>
  </h:body>
</h:html>
"""

RECORD = b"""<garden id="garden" version="1"><owner>Li</owner><body>3</body><kind>oak</kind><colour>r g</colour>
<plants><plant>fern</plant><height>1.5</height></plants><plants><plant>moss</plant><height>0.1</height></plants>
<at><place>23.1 113.3 0 5</place><photo>p.jpg</photo></at>
<meta xmlns="http://openrosa.org/xforms"><instanceID>uuid:11111111-0000-4000-8000-000000000001</instanceID>
<entity xmlns="" dataset="gardens" id="22222222-0000-4000-8000-000000000001" create="1"><label>Li</label></entity></meta>
</garden>"""
