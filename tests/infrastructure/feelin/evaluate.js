// Reads lines {expression, context, value?} and answers each with the value that feelin gives, in a form that
// keeps the types. With a value the expression is unary tests.
import readline from 'node:readline';
import { evaluate, unaryTest } from 'feelin';

function encoded(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : { type: 'not finite' };
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (Array.isArray(value)) return { type: 'list', items: value.map(encoded) };
  const kind = value.constructor?.name ?? '';
  if (['FeelDate', 'FeelTime', 'FeelDateTime', 'FeelDuration'].includes(kind)) {
    return { type: 'temporal', text: value.toString() };
  }
  if (kind === 'FeelRange') {
    return {
      type: 'range', start: encoded(value.start), end: encoded(value.end),
      startIncluded: value['start included'], endIncluded: value['end included']
    };
  }
  if (typeof value === 'function' || kind === 'FeelFunction') return { type: 'function' };
  return { type: 'context', entries: Object.entries(value).map(([key, entry]) => [key, encoded(entry)]) };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { expression, context, value } = JSON.parse(line);
  let answer;
  try {
    const result = value === undefined ? evaluate(expression, context) : unaryTest(expression, { ...context, '?': value });
    answer = { value: encoded(result.value) };
  } catch (error) {
    answer = { error: error.name };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
