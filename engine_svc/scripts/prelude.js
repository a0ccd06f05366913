// Evaluated once in every fresh context; the value is the function that runs one script in it.
//
// A script shares its realm with this code and may break what it finds here, which harms nobody but itself: no function
// of the host is reachable, the context is thrown away after one script, and the worker's parent checks each answer.
(function () {
  "use strict";

  const { parse, stringify } = JSON;
  const { create, defineProperty, getPrototypeOf, keys, setPrototypeOf } = Object;
  const { getOwnPropertyNames, hasOwn } = Object;
  const isArray = Array.isArray;
  const evaluate = eval;
  const RealDate = Date;
  const global = globalThis;

  const MAX_DEPTH = 200;
  const MAX_LOG_LINES = 100;
  const MAX_LOG_LINE_LENGTH = 1000;

  // Globals of the language's host that would only hide process variables of the same name.
  for (const name of ["performance", "DOMException", "atob", "btoa", "queueMicrotask", "SharedArrayBuffer", "Atomics"]) {
    delete global[name];
  }

  const writes = [];
  const calls = [];
  const log = [];

  class BpmnError extends Error {
    constructor(code, message) {
      super(message === undefined || message === null ? "" : String(message));
      if (typeof code !== "string" || code === "") {
        throw new TypeError("a BpmnError needs its code, a text that is not empty");
      }
      this.errorCode = code;
    }
    getErrorCode() {
      return this.errorCode;
    }
    getMessage() {
      return this.message;
    }
  }
  defineProperty(BpmnError.prototype, "name", { value: "BpmnError" });

  // Values

  function refuse(path, reason) {
    throw new TypeError(path + " " + reason);
  }

  // Returns what JSON can hold of a value; a Date is its ISO text, undefined is null.
  function plain(value, path, depth) {
    switch (typeof value) {
      case "undefined":
        return null;
      case "boolean":
      case "string":
        return value;
      case "number":
        if (value !== value || value === Infinity || value === -Infinity) {
          refuse(path, "is " + value + ", which JSON cannot hold; store null or a text instead");
        }
        return value;
      case "bigint":
        refuse(path, "is a BigInt; store it as a text, or as a Number where it is small enough");
      case "symbol":
        refuse(path, "is a Symbol, which is not a value of a variable");
      case "function":
        refuse(path, "is a function, which is not a value of a variable");
    }
    if (value === null) {
      return null;
    }
    if (depth > MAX_DEPTH) {
      refuse(path, "is nested more than " + MAX_DEPTH + " levels deep, or contains itself");
    }
    if (isArray(value)) {
      const items = [];
      for (let index = 0; index < value.length; index++) {
        items[index] = plain(value[index], path + "[" + index + "]", depth + 1);
      }
      return items;
    }
    if (value instanceof RealDate) {
      if (value.getTime() !== value.getTime()) {
        refuse(path, "is an invalid Date");
      }
      return value.toISOString();
    }
    if (value instanceof Number || value instanceof String || value instanceof Boolean) {
      return plain(value.valueOf(), path, depth);
    }
    for (const kind of UNSTORABLE) {
      if (value instanceof kind) {
        refuse(path, "is a " + kind.name + ", which is not a value of a variable; use an object or an array");
      }
    }
    if (value instanceof Error) {
      refuse(path, "is an Error; store its message");
    }
    if (hosts.indexOf(value) >= 0) {
      refuse(path, "is an object of the engine; store one of its properties");
    }
    if (typeof value.toJSON === "function") {
      return plain(value.toJSON(), path, depth + 1);
    }
    const object = {};
    for (const key of keys(value)) {
      const item = value[key];
      if (typeof item === "function" || item === undefined) {
        continue;
      }
      // A plain assignment to the key __proto__ would not store it.
      defineProperty(object, key, {
        value: plain(item, path + "." + key, depth + 1),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return object;
  }
  const UNSTORABLE = [Map, Set, WeakMap, WeakSet, Promise, RegExp, ArrayBuffer, DataView, getPrototypeOf(Int8Array)];
  const hosts = [];

  // Output goes into the log of the job, as much of it as is worth reading.
  function write(...values) {
    if (log.length < MAX_LOG_LINES) {
      const line = values.map((value) => (typeof value === "object" ? stringify(value) : String(value))).join(" ");
      log[log.length] = line.slice(0, MAX_LOG_LINE_LENGTH);
    } else if (log.length === MAX_LOG_LINES) {
      log[log.length] = "(more lines were left out)";
    }
  }

  // Names that a process variable of the same name hides
  const background = create(Object.prototype);
  function offer(names) {
    for (const name of getOwnPropertyNames(names)) {
      defineProperty(background, name, { value: names[name], configurable: true, writable: true });
    }
  }
  offer({
    print: write,
    println: write,
    console: { log: write, info: write, warn: write, error: write, debug: write },
    BpmnError,
  });

  // The engine's objects

  function named(name) {
    if (typeof name !== "string" || name === "" || name === "execution") {
      throw new TypeError("a variable's name must be a text that is neither empty nor execution");
    }
    return name;
  }

  function record(scope, name, value, removed) {
    writes[writes.length] = { scope, name, value, removed };
  }

  // The scopes are the prototypes of one another, the innermost in front, so that a name is looked up as ever.
  function variableMethods(scopes, transients) {
    const inner = scopes[0];
    const outermost = scopes[scopes.length - 1];

    function ownerOf(name) {
      return scopes.find((scope) => hasOwn(scope, name));
    }
    function put(scope, name, value) {
      defineProperty(scope, name, { value, configurable: true, enumerable: true, writable: true });
    }
    function getVariable(name) {
      named(name);
      if (hasOwn(transients, name)) {
        return transients[name];
      }
      const owner = ownerOf(name);
      return owner === undefined ? null : owner[name];
    }
    function setVariable(name, value) {
      named(name);
      if (hasOwn(transients, name)) {
        setTransientVariable(name, value);
        return;
      }
      put(ownerOf(name) ?? outermost, name, value);
      record("nearest", name, value, false);
    }
    function setVariableLocal(name, value) {
      put(inner, named(name), value);
      record("local", name, value, false);
    }
    function setTransientVariable(name, value) {
      put(transients, named(name), value);
      record("transient", name, value, false);
    }
    function removeTransientVariable(name) {
      if (hasOwn(transients, named(name))) {
        delete transients[name];
        record("transient", name, null, true);
      }
    }
    function all(owners) {
      const variables = {};
      for (const owner of owners) {
        for (const name of keys(owner)) {
          put(variables, name, owner[name]);
        }
      }
      return variables;
    }
    function each(values, set) {
      const given = values !== null && typeof values === "object" && values.toJSON ? values.toJSON() : values;
      for (const name of keys(given)) {
        set(name, given[name]);
      }
    }
    const outwards = () => [...scopes].reverse();
    return {
      getVariable,
      setVariable,
      hasVariable: (name) => hasOwn(transients, named(name)) || ownerOf(name) !== undefined,
      removeVariable(name) {
        named(name);
        if (hasOwn(transients, name)) {
          removeTransientVariable(name);
          return;
        }
        const owner = ownerOf(name);
        if (owner !== undefined) {
          delete owner[name];
          record("nearest", name, null, true);
        }
      },
      getVariableLocal: (name) => (hasOwn(inner, named(name)) ? inner[name] : null),
      setVariableLocal,
      hasVariableLocal: (name) => hasOwn(inner, named(name)),
      removeVariableLocal(name) {
        if (hasOwn(inner, named(name))) {
          delete inner[name];
          record("local", name, null, true);
        }
      },
      getVariables: () => all([...outwards(), transients]),
      setVariables: (values) => each(values, setVariable),
      getVariablesLocal: () => all([inner]),
      setVariablesLocal: (values) => each(values, setVariableLocal),
      getVariableNames: () => keys(all([...outwards(), transients])),
      getVariableNamesLocal: () => keys(inner),
      hasVariables: () => keys(all(outwards())).length > 0,
      getTransientVariable: (name) => (hasOwn(transients, named(name)) ? transients[name] : null),
      setTransientVariable,
      removeTransientVariable,
    };
  }

  function capitalized(name) {
    return name[0].toUpperCase() + name.slice(1);
  }

  function host(name, state, methods) {
    const members = create(null);
    defineProperty(members, "variables", { get: methods.getVariables, enumerable: true });
    for (const key of keys(state)) {
      defineProperty(members, key, { get: () => state[key], enumerable: true });
      members["get" + capitalized(key)] = () => state[key];
    }
    for (const key of keys(methods)) {
      members[key] = methods[key];
    }
    const object = new Proxy(members, {
      get(_, key) {
        if (typeof key === "symbol" || key in members) {
          return members[key];
        }
        if (key === "toString" || key === "valueOf") {
          return () => name;
        }
        if (key === "toJSON" || key === "then") {
          return undefined;
        }
        throw new TypeError(name + " has no property or method " + key);
      },
      set(_, key) {
        throw new TypeError(name + "." + String(key) + " cannot be assigned; call a method of " + name);
      },
    });
    hosts[hosts.length] = object;
    return object;
  }

  // The clock stands where the engine's clock stands, which tests turn, and runs on from there.
  function installClock(nowMillis) {
    const realNow = RealDate.now;
    const offset = nowMillis - realNow();
    const now = () => realNow() + offset;
    RealDate.now = now;
    global.Date = new Proxy(RealDate, {
      construct: (target, values, made) => Reflect.construct(target, values.length === 0 ? [now()] : values, made),
      apply: () => new RealDate(now()).toString(),
    });
    RealDate.prototype.constructor = global.Date;
  }

  function failure(error, firstLine) {
    if (error instanceof BpmnError) {
      return { bpmn_error: [String(error.errorCode), String(error.message)] };
    }
    let message;
    let line = 0;
    let column = 0;
    if (error instanceof Error) {
      message = error.name + ": " + error.message;
      for (const [, row, place] of String(error.stack).matchAll(/<input>:(\d+):(\d+)/g)) {
        if (Number(row) > firstLine) {
          line = Number(row) - firstLine;
          column = Number(place);
          break;
        }
      }
    } else {
      message = "the script threw " + (typeof error === "object" ? stringify(error) : String(error));
    }
    return { error: String(message).slice(0, 2000), line, column };
  }

  function outcome(value) {
    return {
      value: plain(value, "the script's result", 0),
      writes: writes.map(({ scope, name, value: written, removed }) => [
        scope,
        name,
        plain(written, "variable " + name, 0),
        removed,
      ]),
      calls: calls.map(({ method, values }) => [
        method,
        values.map((item) => plain(item, "the argument of task." + method + "()", 0)),
      ]),
    };
  }

  // The script's lines are counted from `firstLine`: lower ones are those of the texts around it. `javaText` and
  // `taskText` are the further files of this folder, null where the script has no use for them.
  return function run(source, input, firstLine, javaText, taskText) {
    const { scopes, execution, task, auto_store: autoStore, now_millis: nowMillis } = parse(input);
    if (javaText !== null) {
      const java = evaluate(javaText)(write, BpmnError);
      offer(java.names);
      scopes.forEach((scope) => keys(scope).forEach((name) => java.prepare(scope[name])));
    }
    let below = background;
    for (const scope of [...scopes].reverse()) {
      setPrototypeOf(scope, below);
      below = scope;
    }
    const transients = create(below);
    setPrototypeOf(global, transients);
    if (nowMillis !== null) {
      installClock(nowMillis);
    }
    const variables = variableMethods(scopes, transients);
    defineProperty(global, "execution", { value: host("execution", execution, variables) });
    if (task) {
      const state = { candidateUsers: [], candidateGroups: [], ...task };
      const methods = { ...variables, ...evaluate(taskText)(state, calls, capitalized) };
      defineProperty(global, "task", { value: host("task", state, methods) });
    }
    const before = new Set(getOwnPropertyNames(global));
    const answer = { log };
    try {
      const value = evaluate("\n".repeat(firstLine) + source);
      if (autoStore) {
        for (const name of getOwnPropertyNames(global)) {
          if (!before.has(name) && typeof global[name] !== "function") {
            variables.setVariable(name, global[name]);
          }
        }
      }
      Object.assign(answer, outcome(value));
    } catch (error) {
      if (error instanceof InternalError && error.message.startsWith("out of memory")) {
        // The worker, which knows the limit, says so.
        throw error;
      }
      Object.assign(answer, failure(error, firstLine));
      if (answer.bpmn_error) {
        Object.assign(answer, outcome(null));
      }
    }
    return stringify(answer);
  };
})()
