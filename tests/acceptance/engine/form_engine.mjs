/**
 * The form engine of ODK Web Forms behind a pipe, with FormEngine.java's requests and answers: one
 * JSON request a line on stdin, one JSON answer a line on stdout. It decides nothing; walk.py does.
 *
 * Started with one argument, the node_modules folder: this file lies elsewhere, so plain imports
 * would not find the packages.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const CONTROLS = { input: 'input', note: 'input', range: 'range', rank: 'rank', trigger: 'trigger' };
const TYPES = ['string', 'int', 'decimal', 'date', 'time', 'dateTime', 'geopoint', 'binary'];

const packages = process.argv[2];
const { loadForm } = await engine();

const loaded = new Map(); // by what it was loaded from; parsing takes longer than filling
let root;
let here = null; // the step the walk stands at; null at the beginning

const requests = {
  async open({ form, media, properties }) {
    const result = await load(form, media);
    ({ root } = result.resetInstance({
      instanceAttachments: { fileNameFactory: ({ basename, extension }) => basename + (extension ?? '') },
      preloadProperties: { username: properties.username, deviceID: properties.deviceid },
    }));
    here = null;
    return { event: 'begin' };
  },

  next() {
    const places = [...steps(root)];
    const passed = here === null ? 0 : places.findIndex((step) => isSame(step, here)) + 1;
    const next = places.slice(passed).find(isShown);
    if (next) {
      here = next;
      return event(next);
    }
    return { event: 'end' };
  },

  async answer({ value, file }) {
    const { node } = here;
    await enter(node, value, file);
    const { violation } = node.validationState;
    if (violation === null) return { outcome: 'ok' };
    return refusal(violation);
  },

  repeat() {
    const { node } = here;
    node.addInstances();
    here = { event: 'turn', node: node.currentState.children.at(-1) };
    return { event: 'repeat', path: path(here.node) };
  },

  async finish() {
    const [first] = root.validationState.violations;
    if (first) return { valid: false, path: indexed(first.reference), ...refusal(first.violation) };
    const { data } = await root.prepareInstancePayload();
    const answer = { valid: true, files: {} };
    for (const [name, file] of data[0]) {
      if (name === 'xml_submission_file') answer.xml = await file.text();
      else answer.files[name] = Buffer.from(await file.arrayBuffer()).toString('base64');
    }
    return answer;
  },
};

/** The engine, in the DOM its own tests use. */
async function engine() {
  const { JSDOM } = createRequire(join(packages, 'of'))('jsdom');
  const { document, DOMParser, Node } = new JSDOM().window;
  Object.assign(globalThis, { document, DOMParser, Node });
  globalThis.__dirname = packages; // its XPath parser takes Node.js to mean CommonJS
  return import(pathToFileURL(join(packages, '@getodk/xforms-engine/dist/index.js')));
}

async function load(form, media) {
  const xform = await readFile(form, 'utf8');
  const files = new Map();
  const hash = createHash('sha256').update(xform);
  for (const [name, place] of Object.entries(media)) {
    files.set(name, await readFile(place));
    hash.update(`\n${name}\n`).update(files.get(name));
  }
  const mark = hash.digest('hex');
  if (!loaded.has(mark)) {
    const fetchFormAttachment = async (url) => {
      const content = files.get(url.href.split('/').at(-1));
      return content
        ? new Response(content, { headers: { 'content-type': 'text/csv' } })
        : new Response(null, { status: 404 });
    };
    const result = await loadForm(xform, { fetchFormAttachment });
    if (result.status === 'failure') throw result.error;
    loaded.set(mark, result);
  }
  return loaded.get(mark);
}

/** Every place of the form in document order, relevant or not. */
function* steps(parent) {
  for (const node of parent.currentState.children) {
    if (node.nodeType === 'group') {
      yield* steps(node);
    } else if (node.nodeType.startsWith('repeat-range')) {
      for (const turn of node.currentState.children) {
        yield { event: 'turn', node: turn };
        yield* steps(turn);
      }
      if (node.nodeType === 'repeat-range:uncontrolled') yield { event: 'new_repeat', node };
    } else if (node.nodeType !== 'model-value') {
      yield { event: 'question', node };
    }
  }
}

function isSame(one, other) {
  return one.node === other.node && one.event === other.event;
}

function isShown({ event, node }) {
  return event !== 'turn' && node.currentState.relevant;
}

function event({ event: kind, node }) {
  const state = node.currentState;
  if (kind === 'new_repeat') return { event: kind, path: path(node), count: state.children.length };
  return {
    event: kind,
    path: path(node),
    control: control(node),
    type: type(node),
    label: state.label?.asString ?? null,
    hint: state.hint?.asString ?? null,
    required: state.required,
    readonly: state.readonly,
    appearance: [...(node.appearances ?? [])].join(' ') || null,
    answer: state.instanceValue || null,
    choices: (state.valueOptions ?? []).map(({ value, label }) => ({ value, label: label.asString })),
  };
}

function control(node) {
  if (node.nodeType === 'select') return node.selectType === 'select' ? 'select_multiple' : 'select_one';
  if (node.nodeType === 'upload') return node.nodeOptions.media.type === 'image' ? 'image' : 'file';
  return CONTROLS[node.nodeType] ?? 'other';
}

/** As JavaRosa has it, to which what a select holds is no string. */
function type({ nodeType, valueType }) {
  return nodeType !== 'select' && TYPES.includes(valueType) ? valueType : 'other';
}

async function enter(node, value, file) {
  switch (node.nodeType) {
    case 'select': {
      const wanted = value === null ? [] : value.split(' ');
      if (!wanted.every((one) => node.getValueOption(one))) throw new Error('not among the choices');
      return node.selectValues(wanted);
    }
    case 'upload':
      return node.setValue(value && new File([await readFile(file)], value, { type: 'image/jpeg' }));
    case 'rank':
      return node.setValues(value === null ? [] : value.split(' '));
    case 'trigger':
      return node.setValue(value !== null);
    default:
      return node.setValue(value ?? '');
  }
}

function refusal({ condition, message }) {
  return { outcome: condition, message: condition === 'required' ? null : (message?.asString ?? null) };
}

function path(node) {
  return indexed(node.currentState.reference);
}

/** /data/members[2]/basic/name as JavaRosa writes it: /data/members[2]/basic[1]/name[1]. */
function indexed(reference) {
  const [, top, ...names] = reference.split('/');
  return ['', top, ...names.map((name) => (name.endsWith(']') ? name : `${name}[1]`))].join('/');
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { do: name, ...request } = JSON.parse(line);
    if (!Object.hasOwn(requests, name)) throw new Error('unknown request');
    answer = await requests[name](request);
  } catch (problem) {
    answer = { error: `${problem.name}: ${problem.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
