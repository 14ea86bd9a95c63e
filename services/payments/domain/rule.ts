import { rawTokensOf, RuleError, type Token } from './rule-token.ts';

/** What a rule may ask for, by name; undefined where it is not known of this payment. */
export type Fact = number | string | boolean | undefined;
export type Facts = (name: string) => Fact;
export type FactType = 'number' | 'text' | 'flag';
export type RuleAction = 'allow' | 'block' | 'challenge' | 'review';

/** A rule that was read: what it does, whether it holds, and what it asks for. */
export type Rule = {
  readonly action: RuleAction;
  readonly holds: (facts: Facts) => boolean;
  readonly names: ReadonlySet<string>;
  /** Lists that it asks whether something stands on. */
  readonly lists: ReadonlySet<string>;
};

/** The name under which it is asked whether a value stands on a list. */
const listName = (alias: string, value: string): string => `@${alias} ${value}`;

/** The list and the value of such a name; undefined for any other. */
export function listedIn(name: string): { readonly alias: string; readonly value: string } | undefined {
  const [, alias, value] = /^@([^ ]+) (.*)$/s.exec(name) ?? [];
  return alias === undefined || value === undefined ? undefined : { alias, value };
}

type Typed = { readonly type: FactType; readonly of: (facts: Facts) => Fact };

/** How deep parentheses and `not` may stand in each other. */
const nestingMost = 40;

/**
 * Reads a rule: `block if :card_country: != 'US' and :card_count_1h: > 3`. Attributes stand between colons and metadata between
 * pairs of them; there are `and`, `or`, `not`, comparisons, `in (...)`, `in @list`, `like 'a%'`, `is missing`, and arithmetic. What
 * asks for something that is not known does not hold, and neither does its opposite; only `is missing` does.
 */
export function readRule(text: string, typeOf: (name: string) => FactType | undefined): Rule {
  const parser = new Parser(rawTokensOf(text), typeOf);
  return parser.rule();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #typeOf: (name: string) => FactType | undefined;
  readonly #names = new Set<string>();
  readonly #lists = new Set<string>();
  /** Where what is of a type begins. */
  readonly #places = new Map<Typed, number>();
  #next = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[], typeOf: (name: string) => FactType | undefined) {
    this.#tokens = tokens;
    this.#typeOf = typeOf;
  }

  rule(): Rule {
    const action = this.#action();
    this.#expect('if');
    const test = this.#flag(this.#any());
    const { kind } = this.#peek();
    if (kind !== 'end') throw this.#wrong('the end of the rule');
    return { action, holds: (facts) => test.of(facts) === true, names: this.#names, lists: this.#lists };
  }

  #action(): RuleAction {
    if (this.#word('request')) {
      if (this.#peek().kind === 'number' && this.#peek().text === '3') this.#next += 1;
      this.#expect('d');
      this.#expect('secure');
      return 'challenge';
    }
    for (const action of ['allow', 'block', 'challenge', 'review'] as const) if (this.#word(action)) return action;
    throw this.#wrong('allow, block, challenge or review');
  }

  #any(): Typed {
    let left = this.#all();
    while (this.#word('or')) left = logical(this.#flag(left), this.#flag(this.#all()), true);
    return left;
  }

  #all(): Typed {
    let left = this.#not();
    while (this.#word('and')) left = logical(this.#flag(left), this.#flag(this.#not()), false);
    return left;
  }

  #not(): Typed {
    if (!this.#word('not')) return this.#comparison();
    return this.#deeper(() => {
      const inner = this.#flag(this.#not());
      return {
        type: 'flag',
        of: (facts) => {
          const known = inner.of(facts);
          return known === undefined ? undefined : known !== true;
        },
      };
    });
  }

  #comparison(): Typed {
    const left = this.#sum();
    if (this.#word('is')) {
      const isNot = this.#word('not');
      this.#expect('missing');
      return { type: 'flag', of: (facts) => (left.of(facts) === undefined) !== isNot };
    }
    const isNot = this.#word('not');
    if (this.#word('in')) return this.#peek().kind === 'list' ? this.#listed(left, isNot) : among(left, this.#list(left.type), isNot);
    if (this.#word('like')) return alike(this.#as(left, 'text'), this.#text(), isNot);
    if (isNot) throw this.#wrong('in or like');
    const sign = this.#peek();
    const compare = sign.kind === 'sign' ? comparisons[sign.text] : undefined;
    if (!compare) return left;
    this.#next += 1;
    if (left.type !== 'number' && sign.text !== '=' && sign.text !== '!=') throw new RuleError(`${sign.text} is for numbers`, sign.at);
    const right = this.#as(this.#sum(), left.type);
    return {
      type: 'flag',
      of: (facts) => {
        const [one, other] = [left.of(facts), right.of(facts)];
        return one === undefined || other === undefined ? undefined : compare(one, other);
      },
    };
  }

  #sum(): Typed {
    let left = this.#product();
    for (let sign = this.#sign('+', '-'); sign; sign = this.#sign('+', '-'))
      left = reckoned(this.#as(left, 'number'), this.#as(this.#product(), 'number'), sign);
    return left;
  }

  #product(): Typed {
    let left = this.#atom();
    for (let sign = this.#sign('*', '/'); sign; sign = this.#sign('*', '/'))
      left = reckoned(this.#as(left, 'number'), this.#as(this.#atom(), 'number'), sign);
    return left;
  }

  #atom(): Typed {
    const { at } = this.#peek();
    const typed = this.#term();
    this.#places.set(typed, at);
    return typed;
  }

  #term(): Typed {
    const token = this.#peek();
    this.#next += 1;
    if (token.kind === 'number') return fixed('number', Number(token.text));
    if (token.kind === 'text') return fixed('text', token.text);
    if (token.kind === 'word' && /^(true|false)$/i.test(token.text)) return fixed('flag', token.text.toLowerCase() === 'true');
    if (token.kind === 'sign' && token.text === '-') {
      const inner = this.#deeper(() => this.#as(this.#atom(), 'number'));
      return reckoned(fixed('number', 0), inner, '-');
    }
    if (token.kind === 'sign' && token.text === '(') {
      const inner = this.#deeper(() => this.#any());
      this.#expectSign(')');
      return inner;
    }
    if (token.kind !== 'name') throw this.#wrong('something to ask for', token);
    const type = token.text.startsWith('metadata.') ? 'text' : this.#typeOf(token.text);
    if (type === undefined) throw new RuleError(`there is no attribute :${token.text}:`, token.at);
    this.#names.add(token.text);
    return { type, of: (facts) => facts(token.text) };
  }

  #list(type: FactType): Fact[] {
    this.#expectSign('(');
    const values: Fact[] = [];
    do {
      const token = this.#peek();
      this.#next += 1;
      if (type === 'flag' || token.kind !== type) throw new RuleError(`${token.text} is no ${type}`, token.at);
      values.push(type === 'number' ? Number(token.text) : token.text);
    } while (this.#sign(','));
    this.#expectSign(')');
    return values;
  }

  /** Whether something stands on a list that is kept apart from the rule: it is asked for under the name of the list and the value. */
  #listed(left: Typed, isNot: boolean): Typed {
    const { text: alias } = this.#peek();
    const text = this.#as(left, 'text');
    this.#next += 1;
    this.#lists.add(alias);
    return {
      type: 'flag',
      of: (facts) => {
        const known = text.of(facts);
        return known === undefined ? undefined : (facts(listName(alias, String(known))) === true) !== isNot;
      },
    };
  }

  #text(): string {
    const token = this.#peek();
    if (token.kind !== 'text') throw this.#wrong('a text');
    this.#next += 1;
    return token.text;
  }

  #deeper<T>(read: () => T): T {
    this.#nesting += 1;
    if (this.#nesting > nestingMost) throw new RuleError('too deeply nested', this.#peek().at);
    const made = read();
    this.#nesting -= 1;
    return made;
  }

  #flag(typed: Typed): Typed {
    return this.#as(typed, 'flag');
  }

  #as(typed: Typed, type: FactType): Typed {
    if (typed.type !== type)
      throw new RuleError(`a ${type} stands here, and not a ${typed.type}`, this.#places.get(typed) ?? this.#peek().at);
    return typed;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #word(text: string): boolean {
    const token = this.#peek();
    const isIt = token.kind === 'word' && token.text.toLowerCase() === text;
    if (isIt) this.#next += 1;
    return isIt;
  }

  #sign(...texts: string[]): string | undefined {
    const token = this.#peek();
    if (token.kind !== 'sign' || !texts.includes(token.text)) return undefined;
    this.#next += 1;
    return token.text;
  }

  #expect(word: string): void {
    if (!this.#word(word)) throw this.#wrong(word);
  }

  #expectSign(sign: string): void {
    if (this.#sign(sign) === undefined) throw this.#wrong(sign);
  }

  #wrong(wanted: string, token = this.#peek()): RuleError {
    return new RuleError(`${wanted} is expected, and not ${token.kind === 'end' ? 'the end' : token.text}`, token.at);
  }
}

const fixed = (type: FactType, value: Fact): Typed => ({ type, of: () => value });

const comparisons: Readonly<Record<string, (one: NonNullable<Fact>, other: NonNullable<Fact>) => boolean>> = {
  '=': (one, other) => one === other,
  '!=': (one, other) => one !== other,
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
};

/** Of what is not known, the whole is known where the other side decides it. */
const logical = (left: Typed, right: Typed, decides: boolean): Typed => ({
  type: 'flag',
  of: (facts) => {
    const one = left.of(facts);
    if (one === decides) return decides;
    const other = right.of(facts);
    if (other === decides) return decides;
    return one === undefined || other === undefined ? undefined : !decides;
  },
});

const reckoned = (left: Typed, right: Typed, sign: string): Typed => ({
  type: 'number',
  of: (facts) => {
    const [one, other] = [left.of(facts), right.of(facts)] as (number | undefined)[];
    if (one === undefined || other === undefined) return undefined;
    const made = sign === '+' ? one + other : sign === '-' ? one - other : sign === '*' ? one * other : one / other;
    return Number.isFinite(made) ? made : undefined;
  },
});

const among = (left: Typed, values: readonly Fact[], isNot: boolean): Typed => ({
  type: 'flag',
  of: (facts) => {
    const known = left.of(facts);
    return known === undefined ? undefined : values.includes(known) !== isNot;
  },
});

/** `%` stands for any text, and there is no other sign; parts are looked for one after the other. */
function alike(left: Typed, pattern: string, isNot: boolean): Typed {
  const parts = pattern.toLowerCase().split('%');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  const matches = (text: string): boolean => {
    if (parts.length === 1) return text === first;
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
    let at = first.length;
    for (const part of parts.slice(1, -1)) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= text.length - last.length;
  };
  return {
    type: 'flag',
    of: (facts) => {
      const known = left.of(facts);
      return typeof known === 'string' ? matches(known.toLowerCase()) !== isNot : undefined;
    },
  };
}
