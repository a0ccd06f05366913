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

const MOST_STEPS = 3000;
const MOST_CYCLES = 40;

// Rendering and effects run when the queue is worked off, so that a page is known to have come to rest.
const queue = [];
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

// What is left of a page is worked off in any case: preact waits for it. What fails there is the case's failure already.
const drain = () => {
  for (let step = 0; queue.length && step < MOST_STEPS; step++) {
    try {
      queue.shift()();
    } catch (error) {
      continue;
    }
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

const hasComputedOptions = (field) => field.valuesExpression !== undefined;

// Enters what the user can enter now: values of fields that are on the page, each once. Tells whether there was anything.
const enter = (form, { submitted, fixed }, entered, take) => {
  const data = copy(form._getState().data);
  const before = entered.size;
  const walk = (container, base) => {
    for (const field of container.components || []) {
      if (field.type === 'dynamiclist') {
        const path = [...base, ...field.path.split('.')];
        const held = get(data, path) || [];
        if (take(field) && !entered.has(text(path)) && isShown(form, field, path)) {
          entered.set(text(path), path);
          const rows = get(submitted, path);
          if (Array.isArray(rows)) {
            const count = field.allowAddRemove === false ? Math.max(rows.length, held.length) : rows.length;
            put(data, path, Array.from({ length: count }, (_, index) => held[index] || {}));
          } else if ((rows === undefined || rows === null) && field.allowAddRemove !== false) {
            put(data, path, []);
          }
          continue;
        }
        held.forEach((_, index) => walk(field, [...path, index]));
      } else if (field.components) {
        walk(field, field.path ? [...base, ...field.path.split('.')] : base);
      } else if (isKeyed(field) && field.type !== 'expression' && !field.disabled && !fixed.includes(field.id)) {
        const path = [...base, ...field.key.split('.')];
        const value = get(submitted, path);
        if (value !== undefined && take(field) && !entered.has(text(path)) && isShown(form, field, path)) {
          entered.set(text(path), path);
          put(data, path, copy(value));
        }
      }
    }
  };
  walk(form._getState().schema, []);
  if (entered.size > before) {
    form._setState({ data: form._getInitializedFieldData(data) });
    settle(form);
    return true;
  }
  return false;
};

const isShown = (form, field, path) =>
  form.get('formFieldInstanceRegistry').getAll().some(({ id, valuePath }) => id === field.id && text(valuePath) === text(path));

const isList = (field) => field.type === 'dynamiclist';

// Rows first, then what is entered into them; what is chosen from computed options when these are there.
const ORDER = [isList, (field) => !isList(field) && !hasComputedOptions(field), hasComputedOptions];

const enterAll = (form, given) => {
  const entered = new Map();
  while (ORDER.some((take) => enter(form, given, entered, take))) {
    continue;
  }
  return entered;
};

const fill = ({ schema, variables, submitted, files, zone, fixed }) => {
  process.env.TZ = zone || 'UTC';
  const container = window.document.createElement('div');
  window.document.body.appendChild(container);
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
    const entered = enterAll(form, { submitted, fixed: fixed || [] });
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
    const held = Object.fromEntries([...entered].map(([place, path]) => [place, get(now, path) ?? null]));
    return { initial, data: result.data, errors, shown, held, errorsThrown };
  } catch (error) {
    return { crash: String(error && error.stack) };
  } finally {
    queue.push(() => form.destroy());
    drain();
    container.remove();
  }
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(JSON.stringify(fill(JSON.parse(line))) + '\n');
});
