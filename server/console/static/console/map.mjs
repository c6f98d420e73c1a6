// The map of assisted households: server-side clusters, category filter, search, click through.

import { canDraw, COLOURS, makeMap, maplibre } from "./base-map.mjs";

const element = document.getElementById("map");

if (canDraw()) start();
else {
  element.hidden = true;
  document.getElementById("map-fallback").hidden = false;
}

function start() {
  const bounds = element.dataset.bounds ? element.dataset.bounds.split(",").map(Number) : null;
  const isBeside = getComputedStyle(document.querySelector(".map-panel")).position === "absolute";
  const options = bounds
    ? { bounds: [[bounds[0], bounds[1]], [bounds[2], bounds[3]]], fitBoundsOptions: { padding: { top: 30, bottom: 30, left: isBeside ? 350 : 30, right: 60 } } }
    : { center: [113.35, 23.14], zoom: 11 };
  const map = makeMap(element, options);
  window.ruhuMap = map; // for the browser test
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl());

  const tiles = () => {
    const chosen = [...document.querySelectorAll("input[name=category]:checked")].map((box) => box.value);
    const query = chosen.length ? "?categories=" + encodeURIComponent(chosen.join(",")) : "";
    return [window.location.origin + element.dataset.assisted + query];
  };

  map.on("load", () => {
    map.addSource("assisted", { type: "vector", tiles: tiles(), minzoom: 0, maxzoom: 17 });
    map.addLayer({ id: "clusters", type: "circle", source: "assisted", "source-layer": "clusters",
      paint: {
        "circle-color": COLOURS.brand, "circle-opacity": 0.86,
        "circle-stroke-color": "#ffffff", "circle-stroke-width": 2,
        "circle-radius": ["step", ["get", "point_count"], 12, 10, 15, 50, 19, 200, 24],
      } });
    map.addLayer({ id: "cluster-counts", type: "symbol", source: "assisted", "source-layer": "clusters",
      layout: { "text-field": ["to-string", ["get", "point_count"]], "text-font": ["local"], "text-size": 12, "text-allow-overlap": true },
      paint: { "text-color": "#ffffff" } });
    map.addLayer({ id: "households", type: "circle", source: "assisted", "source-layer": "households",
      paint: {
        "circle-color": ["match", ["get", "due"], "overdue", COLOURS.overdue, "due", COLOURS.due, "soon", COLOURS.soon, "later", COLOURS.later, "#66788a"],
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 4, 16, 8],
        "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.5,
      } });
  });
  map.on("idle", () => { element.dataset.ready = "yes"; });

  for (const layer of ["clusters", "households"]) {
    map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
  }
  map.on("click", "clusters", (event) => {
    map.easeTo({ center: event.features[0].geometry.coordinates, zoom: map.getZoom() + 2 });
  });
  map.on("click", "households", (event) => {
    open(map, event.features[0].geometry.coordinates, event.features.map((found) => found.properties.id));
  });

  document.addEventListener("change", (event) => {
    if (event.target.name === "category") map.getSource("assisted").setTiles(tiles());
  });
  document.getElementById("found").addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-fly]");
    if (!chosen) return;
    const place = [Number(chosen.dataset.lon), Number(chosen.dataset.lat)];
    map.flyTo({ center: place, zoom: 16.5, speed: 2.4 });
    open(map, place, [chosen.dataset.entry]);
  });
}

const TOGETHER = 8; // households of one building lie on one point: so many are told in one popup
let popup;

async function open(map, place, ids) {
  const told = [...new Set(ids)].slice(0, TOGETHER).map(async (id) => {
    const answer = await fetch(element.dataset.popup + encodeURIComponent(id), { headers: { "HX-Request": "true" } });
    return answer.ok ? answer.text() : "";
  });
  const html = (await Promise.all(told)).join("");
  if (!html) return;
  popup?.remove();
  popup = new maplibre.Popup({ offset: 12, maxWidth: "320px", focusAfterOpen: true }).setLngLat(place).setHTML(html).addTo(map);
}
