// The plain base every map stands on: division outlines and names from our own tiles.
// Labels are drawn with the computer's own Chinese fonts; nothing is fetched from elsewhere.

import * as maplibre from "../vendor/maplibre-gl/maplibre-gl.mjs";

export const FONTS = '"Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif';

export const COLOURS = {
  ground: "#eef2f5",
  community: "#ffffff",
  line: "#b9c6d1",
  strong: "#7f93a3",
  text: "#3b4a57",
  brand: "#17527a",
  overdue: "#b42318",
  due: "#f04438", // today: as red as overdue, but brighter, so that lightness alone tells them apart
  soon: "#c77700",
  later: "#1c6b3c",
};

const LEVEL = { county: 3, street: 4, community: 5 };

export function canDraw() {
  try {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2"));
  } catch {
    return false;
  }
}

export function baseStyle(element) {
  const origin = window.location.origin;
  const chinese = (document.documentElement.lang || "zh").startsWith("zh");
  const name = chinese ? ["get", "name"] : ["coalesce", ["case", ["==", ["get", "name_en"], ""], ["get", "name"], ["get", "name_en"]], ["get", "name"]];
  return {
    version: 8,
    sources: {
      divisions: { type: "vector", tiles: [origin + element.dataset.divisions], minzoom: 0, maxzoom: 16 },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": COLOURS.ground } },
      { id: "communities", type: "fill", source: "divisions", "source-layer": "divisions",
        filter: [">=", ["get", "level"], LEVEL.street], paint: { "fill-color": COLOURS.community } },
      { id: "community-lines", type: "line", source: "divisions", "source-layer": "divisions",
        filter: ["==", ["get", "level"], LEVEL.community],
        paint: { "line-color": COLOURS.line, "line-width": 1, "line-dasharray": [3, 2] } },
      { id: "upper-lines", type: "line", source: "divisions", "source-layer": "divisions",
        filter: ["<", ["get", "level"], LEVEL.community],
        paint: { "line-color": COLOURS.strong, "line-width": ["match", ["get", "level"], LEVEL.street, 1.6, 2.4] } },
    ],
    name,
  };
}

// Names give way to the numbers and points that a page draws.
export function nameLayer(name) {
  return {
    id: "names", type: "symbol", source: "divisions", "source-layer": "labels",
    layout: {
      "text-field": name,
      "text-font": ["local"],
      "text-size": ["match", ["get", "level"], LEVEL.community, 13, LEVEL.street, 15, 17],
      "text-padding": 6,
    },
    paint: { "text-color": COLOURS.text, "text-halo-color": "#ffffff", "text-halo-width": 1.6 },
  };
}

export function makeMap(element, options) {
  maplibre.setWorkerUrl(new URL(element.dataset.worker, window.location.href).href);
  const { name, ...style } = baseStyle(element);
  const map = new maplibre.Map({
    container: element,
    style,
    locale: JSON.parse(element.dataset.words),
    localIdeographFontFamily: FONTS,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 19,
    ...options,
  });
  map.touchZoomRotate.disableRotation();
  // Not once(): those run after on(), and what a page draws must come to lie above the names.
  map.on("load", () => map.addLayer(nameLayer(name)));
  return map;
}

export { maplibre };
