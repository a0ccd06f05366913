// What scripts written for an engine in Java use of it: methods of its lists, maps and texts, and the few classes that have
// an equal here. Loaded only for scripts in which one of these names stands.
(function (write, BpmnError) {
  "use strict";

  const { create, defineProperty, hasOwn, keys, setPrototypeOf } = Object;
  const isArray = Array.isArray;

  // What scripts written for Java's lists, maps and texts call on values

  function extend(prototype, methods) {
    for (const name of keys(methods)) {
      if (!(name in prototype)) {
        defineProperty(prototype, name, { value: methods[name], configurable: true, enumerable: false, writable: true });
      }
    }
  }

  extend(Array.prototype, {
    size() {
      return this.length;
    },
    isEmpty() {
      return this.length === 0;
    },
    get(index) {
      if (!(index >= 0 && index < this.length)) {
        throw new RangeError("get(" + index + ") is outside a list of " + this.length + " elements");
      }
      return this[index];
    },
    add(first, second) {
      if (arguments.length === 2) {
        this.splice(first, 0, second);
      } else {
        this[this.length] = first;
      }
      return true;
    },
    addAll(items) {
      for (const item of items) {
        this[this.length] = item;
      }
      return true;
    },
    contains(item) {
      return this.includes(item);
    },
  });
  extend(String.prototype, {
    equals(other) {
      return String(this) === other;
    },
    equalsIgnoreCase(other) {
      return typeof other === "string" && this.toLowerCase() === other.toLowerCase();
    },
    isEmpty() {
      return this.length === 0;
    },
    contains(part) {
      return this.includes(part);
    },
  });
  extend(Number.prototype, {
    equals(other) {
      return Number(this) === other;
    },
    intValue() {
      return Math.trunc(this);
    },
    longValue() {
      return Math.trunc(this);
    },
    doubleValue() {
      return Number(this);
    },
  });
  extend(Boolean.prototype, {
    equals(other) {
      return Boolean(this.valueOf()) === other;
    },
    booleanValue() {
      return this.valueOf();
    },
  });

  // Objects that come from variables. On Object.prototype a method `get` would break property descriptors.
  const variableObject = create(Object.prototype);
  extend(variableObject, {
    get(key) {
      return hasOwn(this, key) ? this[key] : null;
    },
    put(key, value) {
      const before = this.get(key);
      this[key] = value;
      return before;
    },
    containsKey(key) {
      return hasOwn(this, key);
    },
    keySet() {
      return keys(this);
    },
    isEmpty() {
      return keys(this).length === 0;
    },
  });

  function prepare(value) {
    if (typeof value === "object" && value !== null) {
      if (!isArray(value)) {
        setPrototypeOf(value, variableObject);
      }
      for (const key of keys(value)) {
        prepare(value[key]);
      }
    }
  }

  class HashMap {
    #entries = new Map();
    constructor(entries) {
      if (entries !== undefined && entries !== null) {
        this.putAll(entries);
      }
    }
    put(key, value) {
      const before = this.get(key);
      this.#entries.set(key, value);
      return before;
    }
    putAll(entries) {
      for (const key of entries instanceof HashMap ? entries.keySet() : keys(entries)) {
        this.put(key, entries instanceof HashMap ? entries.get(key) : entries[key]);
      }
    }
    get(key) {
      return this.#entries.has(key) ? this.#entries.get(key) : null;
    }
    containsKey(key) {
      return this.#entries.has(key);
    }
    remove(key) {
      const before = this.get(key);
      this.#entries.delete(key);
      return before;
    }
    size() {
      return this.#entries.size;
    }
    isEmpty() {
      return this.#entries.size === 0;
    }
    clear() {
      this.#entries.clear();
    }
    keySet() {
      return [...this.#entries.keys()];
    }
    values() {
      return [...this.#entries.values()];
    }
    toJSON() {
      return Object.fromEntries(this.#entries);
    }
  }

  // Java's packages: the few classes that have an equal here; all others say what to do.

  function JavaList(items) {
    return items === undefined || typeof items === "number" ? [] : [...items];
  }

  const system = {
    out: { println: write, print: write },
    err: { println: write, print: write },
    currentTimeMillis() {
      return Date.now();
    },
  };

  const JAVA = {
    "java.util.ArrayList": JavaList,
    "java.util.LinkedList": JavaList,
    "java.util.HashMap": HashMap,
    "java.util.LinkedHashMap": HashMap,
    "java.lang.System": system,
    "java.lang.Math": Math,
    "java.lang.Exception": Error,
    "java.lang.RuntimeException": Error,
    "java.lang.IllegalArgumentException": Error,
    "java.lang.IllegalStateException": Error,
    "org.flowable.engine.delegate.BpmnError": BpmnError,
    "org.activiti.engine.delegate.BpmnError": BpmnError,
    "org.camunda.bpm.engine.delegate.BpmnError": BpmnError,
  };

  function javaClass(name) {
    if (name === "java.util.Date") {
      return Date;
    }
    if (hasOwn(JAVA, name)) {
      return JAVA[name];
    }
    throw new TypeError(
      name + ": Java classes cannot run here; write it in JavaScript, or make the element a service task of a worker",
    );
  }

  function javaPackage(path) {
    return new Proxy(create(null), {
      get(_, name) {
        if (typeof name === "symbol") {
          return undefined;
        }
        const child = path === "" ? name : path + "." + name;
        const isClass = name[0] !== name[0].toLowerCase();
        return isClass ? javaClass(child) : javaPackage(child);
      },
    });
  }

  function noJava() {
    javaClass("importPackage, importClass, JavaImporter and load");
  }

  return {
    prepare,
    names: {
      Java: { type: javaClass, from: (items) => [...items], to: (items) => [...items] },
      Packages: javaPackage(""),
      java: javaPackage("java"),
      javax: javaPackage("javax"),
      org: javaPackage("org"),
      com: javaPackage("com"),
      importPackage: noJava,
      importClass: noJava,
      JavaImporter: noJava,
      load(script) {
        // What scripts for Nashorn begin with; it defines importPackage and the like only.
        if (script !== "nashorn:mozilla_compat.js") {
          noJava();
        }
      },
    },
  };
})
