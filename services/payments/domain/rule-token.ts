/** One word of a rule, and where it stands. */
export type Token = {
  readonly kind: 'number' | 'text' | 'name' | 'list' | 'word' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
};

/** What is wrong with a rule, at which character. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  readonly at: number;

  constructor(message: string, at: number) {
    super(`${message} (at character ${at + 1})`);
    this.at = at;
  }
}

const forms = [
  ['space', /\s+/y],
  ['metadata', /::([A-Za-z0-9_. -]{1,40})::/y],
  ['name', /:([a-z][a-z0-9_]*):/y],
  ['list', /@([a-z0-9_-]{1,100})/y],
  ['number', /[0-9]+(?:\.[0-9]+)?/y],
  ['text', /'((?:[^'\\]|\\['\\])*)'|"((?:[^"\\]|\\["\\])*)"/y],
  ['word', /[A-Za-z]+/y],
  ['sign', /<=|>=|!=|<>|==|[=<>()+\-*/,]/y],
] as const;

const same: Readonly<Record<string, string>> = { '==': '=', '<>': '!=' };

/** The words of a rule. */
export function rawTokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const found = firstAt(text, at);
    if (!found) throw new RuleError(`nothing begins with ${text[at]}`, at);
    const { kind, match } = found;
    if (kind === 'metadata') tokens.push({ kind: 'name', text: `metadata.${match[1]}`, at });
    else if (kind === 'text') tokens.push({ kind, text: (match[1] ?? match[2] ?? '').replaceAll(/\\(['"\\])/g, '$1'), at });
    else if (kind !== 'space') tokens.push({ kind, text: same[match[0]] ?? match[1] ?? match[0], at });
    at += match[0].length;
  }
  return [...tokens, { kind: 'end', text: '', at: text.length }];
}

function firstAt(text: string, at: number) {
  for (const [kind, form] of forms) {
    form.lastIndex = at;
    const match = form.exec(text);
    if (match) return { kind, match };
  }
  return undefined;
}
