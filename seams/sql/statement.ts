import type { Field } from '#wire/pgwire/row.ts';
import { SqlMisuse } from './error.ts';
import { statementCacheMax, statementTextBytesMax } from './limits.ts';

/** A statement prepared on one connection. The empty name is the unnamed statement, which is prepared for one use. */
export type Prepared = {
  readonly text: string;
  readonly name: string;
  fields: readonly Field[] | null;
  /** The types of its parameters, once the server has said them. */
  types: readonly number[];
  ready: boolean;
  usedAt: number;
};

/** The prepared statements of one connection, by their text. */
export class StatementCache {
  readonly #byText = new Map<string, Prepared>();
  #closing: string[] = [];
  #clock = 0;
  #named = 0;

  /**
   * The statement to bind for a text; when it is not `ready` a Parse goes before the Bind. While the Parse of another group
   * for the same text is under way it may still fail, so the second group prepares the unnamed statement.
   */
  use(text: string): Prepared {
    const known = this.#byText.get(text);
    const usedAt = ++this.#clock;
    if (known?.ready) {
      known.usedAt = usedAt;
      return known;
    }
    if (known) return { text, name: '', fields: null, types: [], ready: false, usedAt };
    const fresh: Prepared = { text, name: `s${++this.#named}`, fields: null, types: [], ready: false, usedAt };
    if (this.#byText.size >= statementCacheMax) this.#evict();
    this.#byText.set(text, fresh);
    return fresh;
  }

  /** A Parse was answered by an error or was skipped. */
  failed(statement: Prepared): void {
    if (statement.name === '') return;
    if (this.#byText.get(statement.text) === statement) this.#byText.delete(statement.text);
    this.#closing.push(statement.name);
  }

  /** Forgets all: the server's statements are gone or their plans no longer fit. */
  clear(): void {
    for (const statement of this.#byText.values()) this.#closing.push(statement.name);
    this.#byText.clear();
  }

  /** Names to close before the next statement. */
  takeClosing(): readonly string[] {
    if (this.#closing.length === 0) return this.#closing;
    const names = this.#closing;
    this.#closing = [];
    return names;
  }

  #evict(): void {
    let oldest: Prepared | undefined;
    for (const statement of this.#byText.values()) {
      if (statement.ready && (!oldest || statement.usedAt < oldest.usedAt)) oldest = statement;
    }
    if (!oldest) return;
    this.#byText.delete(oldest.text);
    this.#closing.push(oldest.name);
  }
}

const head = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)*([a-z]+)(?:\s+([a-z]+))?/i;
const control = new Set([
  'begin',
  'start',
  'commit',
  'end',
  'rollback',
  'abort',
  'savepoint',
  'release',
  'prepare',
  'deallocate',
  'discard',
  'reset',
  'listen',
  'copy',
]);
const checked = new Set<string>();

/**
 * Refuses a text that would take the transaction or the scope out of our hands. The protocol lets a prepared text be one
 * statement only, and a connection that is not idle after a group is dropped, so this check only makes the error clear.
 */
export function checkText(text: string): void {
  if (checked.has(text)) return;
  if (text.length > statementTextBytesMax || Buffer.byteLength(text) > statementTextBytesMax) {
    throw new SqlMisuse(`A statement is longer than ${statementTextBytesMax} bytes.`);
  }
  if (text.includes('\0') || !text.isWellFormed()) throw new SqlMisuse('A statement holds a character that PostgreSQL cannot read.');
  const [, word = '', second = ''] = head.exec(text) ?? [];
  const first = word.toLowerCase();
  if (control.has(first)) throw new SqlMisuse(`${first} cannot be a statement of a group; use begin(), script() or the group itself.`);
  if (first === 'set' && second.toLowerCase() !== 'local')
    throw new SqlMisuse('Only set local can be a statement: a connection is shared.');
  if (/\bset_config\s*\(/i.test(text)) throw new SqlMisuse('set_config cannot be called by a statement: the scope is set by as().');
  if (checked.size >= statementCacheMax * 8) checked.clear();
  checked.add(text);
}
