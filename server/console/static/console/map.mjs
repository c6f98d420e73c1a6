// The map of assisted households: server-side clusters, category filter, search, click through.

import { canDraw, COLOURS, makeMap, maplibre } from "./base-map.mjs";

const element = document.getElementById("map");

if (canDraw()) start();
else {
  element.hidden = true;
  document.getElementById("map-fallback").hidden = false;
  document.getElementById("map-filters").dataset.submits = "";
}

function start() {
  const bounds = element.dataset.bounds ? element.dataset.bounds.split(",").map(Number) : null;
  const isBeside = getComputedStyle(document.querySelector(".map-panel")).position === "absolute";
  const options = bounds
    ? { bounds: [[bounds[0], bounds[1]], [bounds[2], bounds[3]]], fitBoundsOptions: { padding: { top: 30, bottom: 30, left: isBeside ? 350 : 30, right: 60 } } }
    : { center: [113.35, 23.14], zoom: 11 };
  // A view in the address wins over the areas; paper needs the drawing to be kept.
  const map = makeMap(element, { ...options, hash: "at", canvasContextAttributes: { preserveDrawingBuffer: true } });
  window.ruhuMap = map; // for the browser test
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl());

  const tiles = () => [window.location.origin + element.dataset.assisted + asQuery(filters())];

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
    for (const [state, sides] of Object.entries(SHAPES)) map.addImage(state, shape(sides, COLOURS[state] ?? "#66788a"), { pixelRatio: 2 });
    map.addLayer({ id: "households", type: "symbol", source: "assisted", "source-layer": "households",
      layout: {
        "icon-image": ["match", ["get", "due"], Object.keys(SHAPES), ["get", "due"], "none"],
        "icon-size": ["interpolate", ["linear"], ["zoom"], 11, 0.6, 16, 1.1],
        "icon-allow-overlap": true,
        "symbol-sort-key": ["match", ["get", "due"], "overdue", 4, "due", 3, "soon", 2, 1],
      } });
    listInView();
  });
  map.on("idle", () => { element.dataset.ready = "yes"; });

  const list = document.querySelector("[data-in-view]");
  async function listInView() {
    for (const link of document.querySelectorAll("[data-listed], [data-geojson]")) {
      const to = new URL(link.href);
      for (const name of FILTERS) to.searchParams.delete(name);
      for (const [name, value] of Object.entries(filters())) to.searchParams.set(name, value);
      link.href = to;
    }
    if (!list.open) return;
    const box = map.getBounds();
    const corners = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((number) => number.toFixed(6)).join(",");
    const answer = await fetch(list.dataset.inView + asQuery({ ...filters(), in_bbox: corners }), { headers: { "HX-Request": "true" } });
    document.getElementById("in-view").innerHTML = await answer.text();
  }
  map.on("moveend", listInView);

  // Paper has another shape than the screen: what is in view is fitted to it before it is drawn there.
  let seen;
  window.addEventListener("beforeprint", () => {
    seen = map.getBounds();
    document.body.classList.add("on-paper");
    map.resize();
    map.fitBounds(seen, { animate: false });
    map.redraw();
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("on-paper");
    map.resize();
    map.fitBounds(seen, { animate: false });
  });
  list.addEventListener("toggle", listInView);

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
    const form = event.target.closest("#map-filters");
    if (event.target.name !== "category" && !form) return;
    // A division has a place of its own; any other filter leaves the view as it is.
    const hash = event.target.name === "area" ? "" : window.location.hash;
    const address = window.location.pathname + asQuery(filters()) + hash;
    if (form) {
      window.location.assign(address);
      return;
    }
    window.history.replaceState(null, "", address);
    map.getSource("assisted").setTiles(tiles());
    listInView();
  });
  document.getElementById("found").addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-fly]");
    if (!chosen) return;
    const place = [Number(chosen.dataset.lon), Number(chosen.dataset.lat)];
    map.flyTo({ center: place, zoom: 16.5, speed: 2.4 });
    open(map, place, [chosen.dataset.entry]);
  });
}

// What the controls beside the map say, by the names that lists of households take.
const FILTERS = ["area", "due", "case_worker", "assisted_categories"];

function filters() {
  const given = {};
  for (const name of FILTERS) {
    const value = document.querySelector(`#map-filters [name=${name}]`)?.value;
    if (value) given[name] = value;
  }
  const codes = [...document.querySelectorAll("input[name=category]:checked")].map((box) => box.value);
  if (codes.length) given.assisted_categories = codes.join(",");
  return given;
}

function asQuery(given) {
  const query = new URLSearchParams(given).toString();
  return query ? "?" + query : "";
}

// A state is a shape as well as a colour: triangle, diamond, square, circle, ring.
const SHAPES = { overdue: 3, due: 4, soon: -4, later: 0, none: -1 };

function shape(sides, colour) {
  const size = 32;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.beginPath();
  if (sides === 3) { pen.moveTo(16, 3); pen.lineTo(30, 28); pen.lineTo(2, 28); }
  else if (sides === 4) { pen.moveTo(16, 2); pen.lineTo(30, 16); pen.lineTo(16, 30); pen.lineTo(2, 16); }
  else if (sides === -4) pen.rect(5, 5, 22, 22);
  else pen.arc(16, 16, 11, 0, 2 * Math.PI);
  pen.closePath();
  pen.fillStyle = sides === -1 ? "#ffffff" : colour;
  pen.fill();
  pen.lineWidth = sides === -1 ? 5 : 3;
  pen.strokeStyle = sides === -1 ? colour : "#ffffff";
  pen.stroke();
  return pen.getImageData(0, 0, size, size);
}

for (const place of document.querySelectorAll("[data-print-of]")) {
  const control = document.getElementById(place.dataset.printOf);
  place.textContent = control?.selectedOptions?.[0]?.textContent.trim() ?? control?.value ?? "";
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
