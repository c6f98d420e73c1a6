// What set-up bundles for the page that fills in forms (server/ops/setup/environment.py, browser_bundle).
export { createApp, h, shallowReactive } from "vue";
export { OdkWebForm, POST_SUBMIT__NEW_INSTANCE, webFormsPlugin } from "@getodk/web-forms";
