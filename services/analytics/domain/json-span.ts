/** Where the parts of a list or object stand in its text; of an object with their names. The text must be JSON. */
export type Span = { readonly name: string | undefined; readonly from: number; readonly to: number };

const space = /[ \t\n\r]*/y;
const word = /[^\s,\]}:]+/y;

/** Behind the text whose quote is there: the next quote before which no backslash stands that is for it. */
function endOfText(json: string, from: number): number {
  for (let at = json.indexOf('"', from + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let before = at;
    while (json[before - 1] === '\\') before -= 1;
    if ((at - before) % 2 === 0) return at + 1;
  }
  return json.length;
}

function endOf(pattern: RegExp, json: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(json) ? pattern.lastIndex : from;
}

/** Behind a list or object that begins there; what is nested is passed over by its brackets. */
function endOfNested(json: string, from: number): number {
  let depth = 0;
  for (let at = from; at < json.length; at += 1) {
    const mark = json[at];
    if (mark === '"') at = endOfText(json, at) - 1;
    else if (mark === '{' || mark === '[') depth += 1;
    else if ((mark === '}' || mark === ']') && --depth === 0) return at + 1;
  }
  return json.length;
}

function endOfValue(json: string, from: number): number {
  const mark = json[from];
  if (mark === '"') return endOfText(json, from);
  return mark === '{' || mark === '[' ? endOfNested(json, from) : endOf(word, json, from);
}

/** What JSON is, by how it begins. */
export function kindOf(json: string): 'object' | 'array' | 'scalar' {
  const mark = json[endOf(space, json, 0)];
  return mark === '{' ? 'object' : mark === '[' ? 'array' : 'scalar';
}

/** The parts of a list or an object in their order, those of one name each; of another value none. */
export function spansIn(json: string): Span[] {
  const kind = kindOf(json);
  if (kind === 'scalar') return [];
  const found: Span[] = [];
  for (let at = endOf(space, json, endOf(space, json, 0) + 1); at < json.length && json[at] !== ']' && json[at] !== '}'; ) {
    let name: string | undefined;
    if (kind === 'object') {
      const end = endOfText(json, at);
      name = JSON.parse(json.slice(at, end)) as string;
      at = endOf(space, json, endOf(space, json, end) + 1);
    }
    const to = endOfValue(json, at);
    found.push({ name, from: at, to });
    at = endOf(space, json, to);
    if (json[at] === ',') at = endOf(space, json, at + 1);
  }
  return found;
}
