// Fills forms in with the real form-js on a page without a browser. A line in is a case, a line out its outcome.
'use strict';

const { JSDOM } = require('jsdom');
const readline = require('node:readline');

const page = new JSDOM('<!DOCTYPE html><body></body>');
const { window } = page;
for (const name of ['document', 'HTMLElement', 'HTMLInputElement', 'Element', 'Node', 'Event', 'KeyboardEvent', 'DOMParser', 'getComputedStyle']) {
  globalThis[name] = window[name];
}
globalThis.window = window;
Object.defineProperty(globalThis, 'navigator', { value: window.navigator, configurable: true });

// What jsdom does not have. Nothing of it decides about data.
class NoFiles {
  constructor() {
    this.items = { add() {} };
    this.files = Object.assign(window.document.createElement('input'), { type: 'file' }).files;
  }
}
class NoObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.DataTransfer = window.DataTransfer = NoFiles;
globalThis.IntersectionObserver = window.IntersectionObserver = NoObserver;
window.Element.prototype.scrollIntoView = () => {};

const { options } = require('preact');
const { Form } = require('@bpmn-io/form-js-viewer');

const MOST_STEPS = 20000;
const MOST_CYCLES = 40;

// Rendering and effects run when the queue is worked off, so that a page is known to have come to rest.
let queue = [];
options.debounceRendering = (work) => queue.push(work);
options.requestAnimationFrame = (work) => queue.push(work);

const rest = () => {
  for (let step = 0; queue.length; step++) {
    if (step > MOST_STEPS) {
      throw new Error('the page does not come to rest');
    }
    queue.shift()();
  }
};

const copy = (value) => JSON.parse(JSON.stringify(value));
const isKeyed = (field) => field.key !== undefined && !['group', 'dynamiclist', 'default'].includes(field.type);
const get = (data, path) => path.reduce((at, step) => (at === undefined || at === null ? undefined : at[step]), data);
const put = (data, path, value) => {
  const last = path.length - 1;
  path.forEach((step, index) => {
    if (index === last) {
      data[step] = value;
    } else {
      data[step] ??= typeof path[index + 1] === 'number' ? [] : {};
      data = data[step];
    }
  });
};
const text = (path) => path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('').replace(/^\./, '');

// As if the user went on typing: form-js computes each expression once after each change.
const settle = (form) => {
  rest();
  for (let cycle = 0; cycle < MOST_CYCLES; cycle++) {
    const before = JSON.stringify(form._getState().data);
    form.get('eventBus').fire('field.updated', {});
    form._setState({ data: copy(form._getState().data) });
    rest();
    if (JSON.stringify(form._getState().data) === before) {
      return;
    }
  }
};

// Returns where the submission has values, and writes them over the data.
const layOver = (data, submitted, container, base, take, given) => {
  for (const field of container.components || []) {
    if (field.type === 'dynamiclist') {
      const path = [...base, ...field.path.split('.')];
      const rows = get(submitted, path);
      const held = get(data, path) || [];
      if (rows === undefined || rows === null) {
        if (field.allowAddRemove !== false) {
          put(data, path, []);
        }
      } else if (Array.isArray(rows)) {
        put(data, path, rows.map((_, index) => held[index] || {}));
        rows.forEach((_, index) => layOver(data, submitted, field, [...path, index], take, given));
      }
    } else if (field.components) {
      layOver(data, submitted, field, field.path ? [...base, ...field.path.split('.')] : base, take, given);
    } else if (isKeyed(field) && field.type !== 'expression' && !field.disabled && field.readonly !== true) {
      const path = [...base, ...field.key.split('.')];
      const value = get(submitted, path);
      if (value !== undefined && take(field)) {
        put(data, path, copy(value));
        given.push(path);
      }
    }
  }
};

const hasComputedOptions = (field) => field.valuesExpression !== undefined;

const fill = ({ schema, variables, submitted, files, zone }) => {
  process.env.TZ = zone || 'UTC';
  const container = window.document.createElement('div');
  window.document.body.appendChild(container);
  queue = [];
  const form = new Form({ container, debounce: false });
  const errorsThrown = [];
  form.get('eventBus').on('error', ({ error }) => errorsThrown.push(String(error)));
  try {
    let refused;
    form.importSchema(schema, variables).catch((error) => (refused = error));
    if (form._getState().schema === null) {
      return { refused: true };
    }
    for (const [key, held] of Object.entries(files || {})) {
      form.get('fileRegistry').setFiles(key, held);
    }
    const initial = copy(form._getState().data);
    settle(form);
    const given = [];
    let data = copy(form._getState().data);
    layOver(data, submitted, schema, [], (field) => !hasComputedOptions(field), given);
    form._setState({ data: form._getInitializedFieldData(data) });
    settle(form);
    // The user can choose only what is offered once everything else is entered.
    data = copy(form._getState().data);
    layOver(data, submitted, schema, [], hasComputedOptions, given);
    form._setState({ data: form._getInitializedFieldData(data) });
    settle(form);
    const result = form.submit();
    const errors = {};
    const shown = [];
    for (const { id, valuePath, indexes } of form.get('formFieldInstanceRegistry').getAllKeyed()) {
      const path = text(valuePath);
      shown.push(path);
      const found = get(result.errors, [id, ...Object.values(indexes || {})]);
      if (found && found.length) {
        errors[path] = found;
      }
    }
    const now = form._getState().data;
    const held = Object.fromEntries(given.map((path) => [text(path), get(now, path) ?? null]));
    return { initial, data: result.data, errors, shown, held, errorsThrown };
  } catch (error) {
    return { crash: String(error && error.stack) };
  } finally {
    queue = [];
    try {
      form.destroy();
      rest();
    } catch (error) {
      // What became of the case is known already.
    }
    queue = [];
    container.remove();
  }
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(JSON.stringify(fill(JSON.parse(line))) + '\n');
});
