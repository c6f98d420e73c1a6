// A small map with one point on it: where a submission was made, where a household lives.

import { canDraw, COLOURS, makeMap, maplibre } from "./base-map.mjs";

function circle(lon, lat, metres) {
  const points = [];
  const dLat = metres / 111320;
  const dLon = dLat / Math.cos((lat * Math.PI) / 180);
  for (let step = 0; step <= 48; step++) {
    const angle = (step / 48) * 2 * Math.PI;
    points.push([lon + dLon * Math.cos(angle), lat + dLat * Math.sin(angle)]);
  }
  return { type: "Feature", geometry: { type: "Polygon", coordinates: [points] }, properties: {} };
}

function show(element) {
  const lon = Number(element.dataset.lon);
  const lat = Number(element.dataset.lat);
  const accuracy = Number(element.dataset.accuracy || 0);
  if (!canDraw()) {
    element.hidden = true;
    return;
  }
  const map = makeMap(element, { center: [lon, lat], zoom: 15, scrollZoom: false });
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl({ maxWidth: 80 }));
  map.on("load", () => {
    const features = [{ type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties: {} }];
    if (accuracy > 0) features.unshift(circle(lon, lat, accuracy));
    map.addSource("place", { type: "geojson", data: { type: "FeatureCollection", features } });
    map.addLayer({ id: "accuracy", type: "fill", source: "place", filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": COLOURS.brand, "fill-opacity": 0.14 } });
    map.addLayer({ id: "point", type: "circle", source: "place", filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-radius": 7, "circle-color": COLOURS.overdue, "circle-stroke-color": "#fff", "circle-stroke-width": 2 } });
  });
  map.on("idle", () => { element.dataset.ready = "yes"; });
}

for (const element of document.querySelectorAll("[data-map]")) show(element);
