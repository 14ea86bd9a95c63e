/** One condition of a search. `field` is a name, or `metadata["key"]`; an empty value asks for what has none. */
export type Clause = {
  readonly field: string;
  readonly key?: string;
  readonly not: boolean;
  readonly sign: ':' | '~' | '>' | '<' | '>=' | '<=' | '=';
  readonly value: string | number | null;
};

export type Query = { readonly clauses: readonly Clause[]; readonly join: 'and' | 'or' };

const quoted = String.raw`(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')`;
const named = String.raw`^\s*(-?)([a-z_.]+)(?:\[\s*${quoted}\s*\])?`;
const clause = new RegExp(String.raw`${named}\s*(>=|<=|[:~><=])\s*(?:${quoted}|(-?[0-9]{1,15})|(null))`);
const joint = /^\s+(and|or)\s+/i;

const plain = (text: string) => text.replaceAll(/\\(.)/g, '$1');

/** Reads a query of the API's search language; a sentence where it is none. */
export function readQuery(text: string, clausesMax: number): Query | string {
  const clauses: Clause[] = [];
  const joins = new Set<string>();
  for (let rest = text; ; ) {
    const match = clause.exec(rest);
    if (!match) return `We were unable to parse your search query at '${rest.slice(0, 20)}'.`;
    const [whole, not, field = '', doubled, single, sign, inDouble, inSingle, digits, none] = match;
    const key = doubled ?? single;
    const spelt = inDouble ?? inSingle;
    const value = none !== undefined ? null : spelt === undefined ? Number(digits) : plain(spelt);
    clauses.push({
      ...{ field, not: not === '-', sign: sign as Clause['sign'], value },
      ...(key === undefined ? {} : { key: plain(key) }),
    });
    if (clauses.length > clausesMax) return `A search has at most ${clausesMax} clauses.`;
    rest = rest.slice(whole.length);
    if (rest.trim() === '') break;
    const next = joint.exec(rest);
    if (!next) return `We were unable to parse your search query at '${rest.slice(0, 20)}'.`;
    joins.add(String(next[1]).toLowerCase());
    rest = rest.slice(next[0].length);
  }
  if (joins.size > 1) return 'A search joins its clauses by AND or by OR, not by both.';
  return { clauses, join: joins.has('or') ? 'or' : 'and' };
}
