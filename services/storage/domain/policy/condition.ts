import { BlockList, isIP } from 'node:net';
import type { ConditionTest } from './policy.ts';

/** What is known of a request, by the keys of conditions; what is not known is absent. */
export type Facts = (key: string) => string | readonly string[] | undefined;

const negations: Readonly<Record<string, string>> = {
  stringnotequals: 'stringequals',
  stringnotequalsignorecase: 'stringequalsignorecase',
  stringnotlike: 'stringlike',
  numericnotequals: 'numericequals',
  datenotequals: 'dateequals',
  notipaddress: 'ipaddress',
  arnnotequals: 'arnequals',
  arnnotlike: 'arnlike',
};

/** Whether a condition holds. An absent key fails a test, except a negated one and one with IfExists. */
export function holds(test: ConditionTest, facts: Facts): boolean {
  const found = facts(test.key);
  if (test.operator === 'null') return test.values.some((value) => (value === 'true') === (found === undefined));
  const positive = negations[test.operator];
  if (found === undefined) return test.ifExists || positive !== undefined || test.quantifier === 'all';
  const values = typeof found === 'string' ? [found] : found;
  const matches = (value: string) => test.values.some((wanted) => compare(positive ?? test.operator, value, wanted));
  const passes = positive === undefined ? matches : (value: string) => !matches(value);
  if (test.quantifier === 'all') return values.every(passes);
  return test.quantifier === undefined && positive !== undefined ? values.every(passes) : values.some(passes);
}

function compare(operator: string, value: string, wanted: string): boolean {
  switch (operator) {
    case 'stringequals':
    case 'binaryequals':
      return value === wanted;
    case 'stringequalsignorecase':
      return value.toLowerCase() === wanted.toLowerCase();
    case 'bool':
      return value.toLowerCase() === wanted.toLowerCase();
    case 'stringlike':
    case 'arnlike':
    case 'arnequals':
      return like(wanted, value);
    case 'ipaddress':
      return inNetwork(value, wanted);
    default:
      return operator.startsWith('date')
        ? ordered(operator.slice(4), instant(value), instant(wanted))
        : ordered(operator.slice(7), Number(value), Number(wanted));
  }
}

function ordered(operator: string, value: number, wanted: number): boolean {
  switch (operator) {
    case 'equals':
      return value === wanted;
    case 'lessthan':
      return value < wanted;
    case 'lessthanequals':
      return value <= wanted;
    case 'greaterthan':
      return value > wanted;
    case 'greaterthanequals':
      return value >= wanted;
    default:
      return false;
  }
}

/** Milliseconds since 1970 of a date, or of seconds since then. */
const instant = (text: string) => (/^\d{1,12}$/.test(text) ? Number(text) * 1000 : Date.parse(text));

/** Whether a text matches a pattern in which `*` is any text and `?` any character. Linear in both. */
export function like(pattern: string, text: string): boolean {
  let at = 0;
  let in_ = 0;
  let star = -1;
  let from = 0;
  while (in_ < text.length) {
    if (at < pattern.length && pattern[at] === '*') {
      star = at++;
      from = in_;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[in_])) {
      at++;
      in_++;
    } else if (star >= 0) {
      at = star + 1;
      in_ = ++from;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

function inNetwork(address: string, network: string): boolean {
  const [base = '', bits] = network.split('/');
  const family = isIP(base);
  const kind = isIP(address);
  if (family === 0 || family !== kind) return false;
  const name = family === 4 ? 'ipv4' : 'ipv6';
  const prefix = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(base, prefix, name);
  return list.check(address, name);
}
