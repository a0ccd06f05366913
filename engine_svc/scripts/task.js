// The methods of `task` that change it. They act on the script's own view of the task at once, and are recorded for the
// engine, which checks and applies them.
(function (state, calls, capitalized) {
  "use strict";

  const methods = {};
  function recorded(method, act) {
    methods[method] = (...values) => {
      act(...values);
      calls[calls.length] = { method, values };
    };
  }
  for (const name of ["assignee", "name", "description", "priority", "dueDate", "owner", "category", "formKey"]) {
    recorded("set" + capitalized(name), (value) => {
      state[name] = value ?? null;
    });
  }
  for (const kind of ["User", "Group"]) {
    const list = "candidate" + kind + "s";
    const add = (id) => {
      if (!state[list].includes(id)) {
        state[list] = [...state[list], id];
      }
    };
    recorded("addCandidate" + kind, add);
    recorded("addCandidate" + kind + "s", (ids) => [...ids].forEach(add));
    recorded("deleteCandidate" + kind, (id) => {
      state[list] = state[list].filter((other) => other !== id);
    });
  }
  return methods;
})
