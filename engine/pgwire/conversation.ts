import { type Frontend, readFrontend } from '#wire/pgwire/frontend.ts';
import { ProtocolViolation } from '#wire/pgwire/violation.ts';
import type { Desk, Door, Prepared } from './application.ts';
import { formatAt, textOf } from './format.ts';
import type { Inbox } from './inbox.ts';
import { preparedMax } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { Portal } from './portal.ts';
import { sqlstates, StatementError } from './statement-error.ts';

type Parts = { readonly desk: Desk; readonly door: Door; readonly inbox: Inbox; readonly outbox: Outbox };
type Named = { readonly prepared: Prepared | undefined };

/** What an identified client asks, and what it is answered: one message after the other. */
export class Conversation {
  readonly #desk: Desk;
  readonly #door: Door;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #statements = new Map<string, Named>();
  readonly #portals = new Map<string, Portal>();
  #running: AbortController | undefined;
  #over = false;
  /** After an error everything is passed over until the client's Sync. */
  #failed = false;

  constructor({ desk, door, inbox, outbox }: Parts) {
    this.#desk = desk;
    this.#door = door;
    this.#inbox = inbox;
    this.#outbox = outbox;
  }

  /** Ends the statement that runs; the connection goes on. */
  cancel(): void {
    this.#running?.abort(new StatementError(sqlstates.cancelled, 'canceling statement due to user request'));
  }

  /** Ends all of it. */
  leave(): void {
    this.#over = true;
    this.cancel();
  }

  async run(): Promise<void> {
    try {
      this.#ready();
      await this.#outbox.send();
      while (!this.#over && (await this.#inbox.next())) {
        const { type, buffer, start, end } = this.#inbox.reader;
        const message = readFrontend(type, buffer, start, end);
        if (this.#over || message.type === 'terminate') return;
        await this.#take(message);
      }
    } finally {
      await this.#closePortals();
    }
  }

  #ready(): void {
    this.#outbox.say({ type: 'ready', status: 'idle' });
  }

  async #take(message: Frontend): Promise<void> {
    if (message.type === 'sync') {
      this.#failed = false;
      // Each Sync ends a transaction, and with it its portals.
      await this.#closePortals();
      this.#ready();
      return this.#outbox.send();
    }
    if (message.type === 'query') return this.#simple(message.text);
    if (this.#failed) return;
    try {
      await this.#extended(message);
    } catch (error) {
      if (error instanceof ProtocolViolation) throw error;
      this.#failed = true;
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!this.#over) this.#outbox.error(this.#door.report(error));
  }

  async #simple(text: string): Promise<void> {
    this.#failed = false;
    await this.#closePortals();
    this.#statements.delete('');
    try {
      const statements = await this.#desk.split(text);
      if (statements.length === 0) this.#outbox.say({ type: 'emptyQuery' });
      for (const statement of statements) await this.#statement(statement);
    } catch (error) {
      this.#fail(error);
    }
    if (this.#over) return;
    this.#ready();
    await this.#outbox.send();
  }

  async #statement(text: string): Promise<void> {
    const prepared = await this.#desk.prepare(text, []);
    if (!prepared) return;
    if (prepared.params.length > 0) throw new StatementError(sqlstates.parameterMissing, 'there is no parameter $1');
    const portal = new Portal(prepared, [], []);
    if (prepared.fields) this.#outbox.describe(prepared.fields, []);
    try {
      await this.#run(portal, 0);
    } finally {
      await portal.close();
    }
  }

  async #run(portal: Portal, rowsMax: number): Promise<void> {
    const controller = new AbortController();
    this.#running = controller;
    try {
      await portal.run(this.#outbox, rowsMax, controller.signal);
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      this.#running = undefined;
    }
  }

  async #extended(message: Frontend): Promise<void> {
    switch (message.type) {
      case 'parse':
        return this.#parse(message);
      case 'bind':
        return this.#bind(message);
      case 'describe':
        return message.kind === 'statement' ? this.#describeStatement(message.name) : this.#describePortal(message.name);
      case 'execute':
        return this.#run(this.#portal(message.portal), message.rowsMax);
      case 'close':
        return this.#close(message.kind, message.name);
      case 'flush':
        return this.#outbox.send();
      case 'copyData':
      case 'copyDone':
      case 'copyFail':
        // What is left of a COPY that failed is passed over, as the protocol says.
        return undefined;
      default:
        throw new ProtocolViolation(`a client's ${message.type} where none is expected`);
    }
  }

  async #parse({ name, text, types }: Extract<Frontend, { type: 'parse' }>): Promise<void> {
    if (name !== '' && this.#statements.has(name))
      throw new StatementError(sqlstates.statementThere, `prepared statement "${name}" already exists`);
    if (this.#statements.size >= preparedMax) throw new StatementError(sqlstates.tooMuch, `there are ${preparedMax} prepared statements`);
    const statements = await this.#desk.split(text);
    if (statements.length > 1) throw new StatementError(sqlstates.syntax, 'cannot insert multiple commands into a prepared statement');
    const [statement] = statements;
    this.#statements.set(name, { prepared: statement === undefined ? undefined : await this.#desk.prepare(statement, types) });
    this.#outbox.say({ type: 'parseComplete' });
  }

  #named(name: string): Named {
    const known = this.#statements.get(name);
    if (!known) throw new StatementError(sqlstates.statementMissing, `prepared statement "${name}" does not exist`);
    return known;
  }

  #portal(name: string): Portal {
    const known = this.#portals.get(name);
    if (!known) throw new StatementError(sqlstates.portalMissing, `portal "${name}" does not exist`);
    return known;
  }

  async #bind({ portal, name, formats, params, results }: Extract<Frontend, { type: 'bind' }>): Promise<void> {
    const { prepared } = this.#named(name);
    if (portal !== '' && this.#portals.has(portal)) throw new StatementError(sqlstates.portalThere, `cursor "${portal}" already exists`);
    if (this.#portals.size >= preparedMax) throw new StatementError(sqlstates.tooMuch, `there are ${preparedMax} portals`);
    const types = prepared?.params ?? [];
    if (params.length !== types.length)
      throw new StatementError(
        sqlstates.protocolViolation,
        `bind message supplies ${params.length} parameters, but prepared statement "${name}" requires ${types.length}`,
      );
    const texts = params.map((value, at) => textOf(value, types[at] ?? 0, formatAt(formats, at)));
    const columns = prepared?.fields?.length ?? 0;
    if (results.length > 1 && results.length !== columns)
      throw new StatementError(
        sqlstates.protocolViolation,
        `bind message has ${results.length} result formats but query has ${columns} columns`,
      );
    await this.#portals.get(portal)?.close();
    this.#portals.set(portal, new Portal(prepared, texts, results));
    this.#outbox.say({ type: 'bindComplete' });
  }

  #describeStatement(name: string): void {
    const { prepared } = this.#named(name);
    this.#outbox.say({ type: 'parameterDescription', types: [...(prepared?.params ?? [])] });
    if (prepared?.fields) this.#outbox.describe(prepared.fields, []);
    else this.#outbox.say({ type: 'noData' });
  }

  #describePortal(name: string): void {
    const { fields, formats } = this.#portal(name);
    if (fields) this.#outbox.describe(fields, formats);
    else this.#outbox.say({ type: 'noData' });
  }

  async #close(kind: 'statement' | 'portal', name: string): Promise<void> {
    if (kind === 'statement') this.#statements.delete(name);
    else {
      await this.#portals.get(name)?.close();
      this.#portals.delete(name);
    }
    this.#outbox.say({ type: 'closeComplete' });
  }

  async #closePortals(): Promise<void> {
    for (const portal of this.#portals.values()) await portal.close();
    this.#portals.clear();
  }
}
