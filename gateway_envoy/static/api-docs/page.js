"use strict";

// Shows /api-docs/openapi.json: methods by tag, parameters, bodies, answers, errors, and a form to try each method.
// Text of the document only ever becomes text nodes, so nothing in it can run.

const DOCUMENT = "/api-docs/openapi.json";
const MAX_DEPTH = 12;

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Words between backticks become code.
function prose(text, tag = "p") {
  const node = element(tag, { class: "text" });
  text.split("`").forEach((part, index) => node.append(index % 2 ? element("code", {}, part) : part));
  return node;
}

class Page {
  constructor(openapi) {
    this.openapi = openapi;
  }

  resolve(schema) {
    const name = schema.$ref?.split("/").pop();
    return name ? { ...this.openapi.components.schemas[name], name, note: schema.description } : schema;
  }

  typeName(schema) {
    const found = this.resolve(schema);
    if (found.name) return found.name;
    if (found.type === "array") return `list of ${this.typeName(found.items)}`;
    if (found.type === "object" && typeof found.additionalProperties === "object")
      return `map of ${this.typeName(found.additionalProperties)}`;
    if (found.const) return JSON.stringify(found.const);
    if (!found.type) return "any JSON";
    const type = [found.type].flat().join(" or ");
    return found.format || found.contentEncoding ? `${type} (${found.format ?? found.contentEncoding})` : type;
  }

  limits(schema) {
    const words = {
      minLength: "at least {} characters", maxLength: "at most {} characters", pattern: "like {}",
      minimum: "≥ {}", exclusiveMinimum: "> {}", maximum: "≤ {}", exclusiveMaximum: "< {}",
      minItems: "at least {} items", maxItems: "at most {} items",
      minProperties: "at least {} entries", maxProperties: "at most {} entries",
    };
    return Object.entries(words)
      .filter(([name]) => schema[name] !== undefined)
      .map(([name, text]) => text.replace("{}", () => schema[name]))
      .join(", ");
  }

  // Parts of a message open on demand: messages may hold themselves.
  schema(schema, depth = 0) {
    const found = this.resolve(schema);
    const box = element("div", { class: "schema" });
    if (found.name && found.description) box.append(prose(found.description));
    if (found.enum) box.append(element("p", {}, "One of ", element("code", {}, found.enum.join(", "))));
    const table = element("table");
    for (const [name, property] of Object.entries(found.properties ?? {})) {
      const inner = this.resolve(property);
      const about = element("td");
      const text = property.description ?? inner.note ?? (inner.enum ? inner.description : undefined);
      if (text) about.append(prose(text, "div"));
      const limits = this.limits(inner);
      if (limits) about.append(element("div", { class: "dim" }, limits));
      const part = this.part(property);
      if (part && depth < MAX_DEPTH) about.append(this.later(part, depth));
      table.append(element("tr", {},
        element("td", {}, element("code", { class: found.required?.includes(name) ? "required" : "" }, name)),
        element("td", { class: "dim" }, this.typeName(property)),
        about));
    }
    if (table.rows.length) box.append(table);
    if (found.oneOf) found.oneOf.forEach((choice) => box.append(this.later(choice, depth)));
    return box;
  }

  // The message inside a field, a list or a map.
  part(schema) {
    const found = this.resolve(schema);
    if (found.type === "array") return this.part(found.items);
    if (typeof found.additionalProperties === "object") return this.part(found.additionalProperties);
    return found.properties || found.oneOf ? schema : null;
  }

  later(schema, depth) {
    const details = element("details", {}, element("summary", {}, this.typeName(schema)));
    details.addEventListener("toggle", () => details.append(this.schema(schema, depth + 1)), { once: true });
    return details;
  }

  // A body to begin with: what is required, and what is simple.
  example(schema, depth = 0) {
    const found = this.resolve(schema);
    if (found.examples) return found.examples[0];
    if (found.enum) return found.enum[Math.min(1, found.enum.length - 1)];
    if (found.type === "array") return depth > 3 ? [] : [this.example(found.items, depth + 1)];
    if (found.properties) {
      const names = Object.keys(found.properties).filter((name) => found.required?.includes(name));
      return Object.fromEntries(names.map((name) => [name, this.example(found.properties[name], depth + 1)]));
    }
    return { object: {}, integer: found.minimum ?? 0, number: 0, boolean: false, string: "" }[found.type] ?? null;
  }

  operation(path, verb, operation) {
    const body = element("div", { class: "body" });
    const details = element("details", { class: "operation", id: operation.operationId },
      element("summary", {},
        element("span", { class: `verb ${verb}` }, verb.toUpperCase()),
        element("span", { class: "path" }, path),
        element("span", { class: "summary" }, operation.summary)),
      body);
    details.addEventListener("toggle", () => {
      if (details.open && !body.hasChildNodes()) this.fill(body, path, verb, operation);
    });
    return details;
  }

  fill(body, path, verb, operation) {
    body.append(prose(operation.description));
    body.append(element("p", { class: "dim" }, `gRPC method ${operation.operationId}`,
      operation["x-permission"] ? ` · needs the permission ${operation["x-permission"]}`
        : operation.security?.length === 0 ? " · needs no access token" : ""));
    if (operation.parameters) {
      const table = element("table");
      for (const parameter of operation.parameters) {
        const found = this.resolve(parameter.schema);
        table.append(element("tr", {},
          element("td", {}, element("code", { class: parameter.required ? "required" : "" }, parameter.name)),
          element("td", { class: "dim" }, `${parameter.in}, ${this.typeName(parameter.schema)}`),
          element("td", {},
            prose(parameter.description ?? "", "div"),
            element("div", { class: "dim" }, found.enum ? found.enum.join(", ") : this.limits(found)))));
      }
      body.append(element("h3", {}, "Parameters"), table);
    }
    if (operation.requestBody) {
      body.append(element("h3", {}, "Body"));
      this.content(body, operation.requestBody);
    }
    body.append(element("h3", {}, "Answer"));
    this.content(body, operation.responses["200"]);
    body.append(element("h3", {}, "Errors"));
    const reasons = Object.entries(operation["x-error-reasons"] ?? {});
    if (reasons.length) {
      const table = element("table");
      for (const [reason, text] of reasons)
        table.append(element("tr", {}, element("td", {}, element("code", {}, reason)), element("td", {}, prose(text, "div"))));
      body.append(table);
    }
    body.append(element("p", {}, "Every error is a ", this.later({ $ref: "#/components/schemas/Status" }, 0)));
    body.append(this.form(path, verb, operation));
  }

  content(body, { description, content }) {
    if (description && description !== "The answer.") body.append(prose(description));
    body.append(element("p", { class: "dim" }, Object.keys(content).join(" or ")));
    body.append(this.schema(Object.values(content)[0].schema));
  }

  form(path, verb, operation) {
    const box = element("form", { class: "try" }, element("h3", {}, "Try it"));
    const inputs = (operation.parameters ?? []).map((parameter) => {
      const found = this.resolve(parameter.schema);
      const input = found.enum
        ? element("select", {}, element("option", { value: "" }), ...found.enum.map((value) => element("option", {}, value)))
        : element("input", { placeholder: found.type === "array" ? "several: a comma between" : "" });
      box.append(element("label", {}, element("code", { class: parameter.required ? "required" : "" }, parameter.name), input));
      return { parameter, input, list: found.type === "array" };
    });
    const types = Object.keys(operation.requestBody?.content ?? {});
    const json = types[0] === "application/json";
    let entry = null;
    if (types.length) {
      if (json) {
        entry = element("textarea", { spellcheck: "false", "aria-label": "Body" });
        entry.value = JSON.stringify(this.example(operation.requestBody.content[types[0]].schema), null, 2);
      } else entry = element("input", { type: "file", "aria-label": "File" });
      box.append(entry);
    }
    const streams = "text/event-stream" in operation.responses["200"].content;
    const send = element("button", { type: "submit" }, "Send");
    const stop = element("button", { type: "button", class: "hidden" }, "Stop");
    const took = element("span", { class: "dim" });
    const command = element("pre", { class: "hidden" });
    const answer = element("pre", { class: "hidden" });
    box.append(element("div", { class: "buttons" }, send, stop, took), command, answer);
    box.addEventListener("submit", async (event) => {
      event.preventDefault();
      let target = path;
      const query = new URLSearchParams();
      for (const { parameter, input, list } of inputs) {
        const value = input.value.trim();
        if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, () => encodeURIComponent(value));
        else if (value) (list ? value.split(",") : [value]).forEach((one) => query.append(parameter.name, one.trim()));
      }
      if ([...query].length) target += `?${query}`;
      const control = new AbortController();
      const options = { method: verb.toUpperCase(), headers: {}, signal: control.signal };
      // It stays in the field: nothing of the page is stored.
      const token = document.getElementById("token").value.trim();
      const signsIn = (operation.security ?? this.openapi.security).length > 0;
      if (signsIn && token) options.headers.authorization = `Bearer ${token}`;
      if (entry) {
        options.headers["content-type"] = json ? "application/json" : "application/octet-stream";
        options.body = json ? entry.value : entry.files[0];
      }
      if (streams) options.headers.accept = "application/x-ndjson";
      const shellQuoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
      command.textContent = `curl${verb === "get" ? "" : ` -X ${options.method}`} ${shellQuoted(location.origin + target)}`
        + (signsIn ? ` -H "authorization: Bearer $(flowmesh token)"` : "")
        + (json ? ` -H 'content-type: application/json' -d ${shellQuoted(entry.value)}` : entry ? " --data-binary @FILE" : "");
      command.classList.remove("hidden");
      answer.classList.remove("hidden");
      answer.textContent = "";
      send.disabled = true;
      stop.classList.toggle("hidden", !streams);
      stop.onclick = () => control.abort();
      const start = performance.now();
      try {
        const response = await fetch(target, options);
        took.textContent = `${response.status} · ${Math.round(performance.now() - start)} ms · ${response.headers.get("x-correlation-id") ?? ""}`;
        await this.show(response, answer, streams && response.ok);
      } catch (error) {
        if (error.name !== "AbortError") took.textContent = String(error);
      } finally {
        send.disabled = false;
        stop.classList.add("hidden");
      }
    });
    return box;
  }

  async show(response, answer, streams) {
    if (streams) {
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        answer.append(value);
      }
    }
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json");
    answer.textContent = json && text ? JSON.stringify(JSON.parse(text), null, 2) : text;
  }

  render() {
    const { info, tags, paths } = this.openapi;
    const content = document.getElementById("content");
    const index = document.getElementById("index");
    content.replaceChildren(prose(info.description, "div"));
    const operations = Object.entries(paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })));
    const entries = [];
    for (const tag of tags) {
      const heading = element("h3", {}, tag.name);
      const section = element("section", {}, element("h2", {}, tag.name), prose(tag.description));
      const links = [];
      for (const { path, verb, operation } of operations) {
        if (!operation.tags.includes(tag.name)) continue;
        const node = this.operation(path, verb, operation);
        const link = element("a", { href: `#${operation.operationId}`, onclick: () => { node.open = true; } }, operation.operationId);
        section.append(node);
        links.push(link);
        entries.push({ words: `${operation.operationId} ${verb} ${path} ${operation.summary}`.toLowerCase(), node, link });
      }
      content.append(section);
      index.append(heading, ...links);
    }
    document.getElementById("filter").addEventListener("input", (event) => {
      const wanted = event.target.value.toLowerCase().split(/\s+/);
      for (const { words, node, link } of entries) {
        const hidden = !wanted.every((word) => words.includes(word));
        node.classList.toggle("hidden", hidden);
        link.classList.toggle("hidden", hidden);
      }
    });
    const chosen = document.getElementById(location.hash.slice(1));
    if (chosen?.classList.contains("operation")) {
      chosen.open = true;
      chosen.scrollIntoView();
    }
  }
}

async function main() {
  try {
    const response = await fetch(DOCUMENT);
    if (!response.ok) throw new Error(`${DOCUMENT}: ${response.status}`);
    new Page(await response.json()).render();
  } catch (error) {
    document.getElementById("content").textContent = `The document cannot be shown: ${error.message}`;
  }
}

main();
