import { type Frontend, readFrontend } from '#wire/pgwire/frontend.ts';
import { ProtocolViolation } from '#wire/pgwire/violation.ts';
import type { Cells, Copied, Desk, Door, Prepared } from './application.ts';
import { BinaryReader } from './copy-binary.ts';
import { CopyReader } from './copy-reader.ts';
import { controlled, isWayOut, type Reached } from './control.ts';
import { formatAt, textOf } from './format.ts';
import type { Inbox } from './inbox.ts';
import { preparedMax } from './limits.ts';
import type { Notifications } from './notifications.ts';
import type { Outbox } from './outbox.ts';
import { Portal } from './portal.ts';
import { Portals } from './portals.ts';
import type { Settings } from './setting.ts';
import { sqlstates, StatementError } from './statement-error.ts';
import { Transaction } from './transaction.ts';

type Parts = {
  readonly desk: Desk;
  readonly door: Door;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly settings: Settings;
  readonly notifications: Notifications;
};
type Named = { readonly prepared: Prepared | undefined };

/** What an identified client asks, and what it is answered: one message after the other. */
export class Conversation {
  readonly #desk: Desk;
  readonly #door: Door;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #statements = new Map<string, Named>();
  readonly #portals = new Portals();
  readonly #transaction = new Transaction();
  readonly #reached: Reached;
  /** Cursors that outlive their transaction. */
  readonly #held = new Set<string>();
  #running: Portal | undefined;
  #over = false;
  /** After an error everything is passed over until the client's Sync. */
  #failed = false;
  /** Whether the client was told that it may go on, and has asked nothing since. */
  #isReady = false;

  constructor({ desk, door, inbox, outbox, settings, notifications }: Parts) {
    this.#desk = desk;
    this.#door = door;
    this.#inbox = inbox;
    this.#outbox = outbox;
    this.#reached = {
      ...{ settings, outbox, transaction: this.#transaction, portals: this.#portals, held: this.#held },
      ...{ bracket: desk.bracket, notifications },
      deallocate: (name) => {
        if (name === undefined) this.#statements.clear();
        else if (!this.#statements.delete(name)) throw missingStatement(name);
      },
    };
  }

  /** Ends the statement that runs; the connection goes on. */
  cancel(): void {
    this.#running?.stop(new StatementError(sqlstates.cancelled, 'canceling statement due to user request'));
  }

  /** Ends all of it. */
  leave(): void {
    this.#over = true;
    this.cancel();
  }

  get isOver(): boolean {
    return this.#over;
  }

  async run(): Promise<void> {
    try {
      await this.#ready();
      while (!this.#over && (await this.#asked())) {
        const { type, buffer, start, end } = this.#inbox.reader;
        const message = readFrontend(type, buffer, start, end);
        if (this.#over || message.type === 'terminate') return;
        await this.#take(message);
      }
    } finally {
      this.#reached.notifications.end();
      await this.#portals.close();
    }
  }

  /** Whether the client asks something more. While nothing is asked it hears what others tell. */
  async #asked(): Promise<boolean> {
    const { notifications } = this.#reached;
    if (this.#isReady && !this.#transaction.isOpen) notifications.idle();
    try {
      return await this.#inbox.next();
    } finally {
      notifications.busy();
      this.#isReady = false;
    }
  }

  async #ready(): Promise<void> {
    if (!this.#transaction.isOpen) await this.#reached.notifications.sayAll();
    if (this.#over) return;
    this.#isReady = true;
    this.#outbox.say({ type: 'ready', status: this.#transaction.status });
    await this.#outbox.send();
  }

  async #take(message: Frontend): Promise<void> {
    if (message.type === 'sync') {
      this.#failed = false;
      await this.#closePortals();
      return this.#ready();
    }
    if (message.type === 'query') return this.#simple(message.text);
    if (this.#failed) return;
    try {
      await this.#extended(message);
    } catch (error) {
      if (error instanceof ProtocolViolation) throw error;
      this.#failed = true;
      this.#fail(error);
      // At once: a client that said Flush waits for it before it says Sync.
      await this.#outbox.send();
    }
  }

  #fail(error: unknown): void {
    this.#transaction.fail();
    if (!this.#over) this.#outbox.error(this.#door.report(error));
  }

  async #simple(text: string): Promise<void> {
    this.#failed = false;
    await this.#forget('');
    this.#statements.delete('');
    try {
      const statements = await this.#desk.split(text);
      if (statements.length === 0) this.#outbox.say({ type: 'emptyQuery' });
      for (const statement of statements) await this.#statement(statement);
    } catch (error) {
      this.#fail(error);
    }
    if (this.#over) return;
    await this.#closePortals();
    await this.#ready();
  }

  /** Understands a statement, as far as it may be carried out where the connection stands. */
  async #prepare(text: string, types: readonly number[]): Promise<Prepared | undefined> {
    let prepared: Prepared | undefined;
    try {
      prepared = await this.#desk.prepare(text, types);
    } catch (error) {
      // What is wrong with it is nothing to tell where nothing may be done.
      if (!(error instanceof StatementError && error.sqlstate === sqlstates.syntax)) this.#transaction.admit(undefined, false);
      throw error;
    }
    if (prepared) this.#transaction.admit(undefined, isWayOut(prepared));
    return prepared;
  }

  async #statement(text: string): Promise<void> {
    const understood = await this.#prepare(text, []);
    if (!understood) return;
    const prepared = controlled(understood, this.#reached);
    this.#transaction.admit(understood.alone, true);
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
    this.#running = portal;
    const { statementMs } = this.#reached.settings;
    const late = () => portal.stop(new StatementError(sqlstates.cancelled, 'canceling statement due to statement timeout'));
    const timer = statementMs > 0 ? setTimeout(late, statementMs) : undefined;
    try {
      if (portal.prepared?.load) await portal.load(this.#outbox, this.#copied(portal.prepared));
      else await portal.run(this.#outbox, rowsMax);
    } catch (error) {
      throw portal.stopped ? portal.stopped.reason : error;
    } finally {
      clearTimeout(timer);
      this.#running = undefined;
    }
  }

  /** The rows that the client sends for a COPY, in blocks. */
  async *#copied({ copyIn }: Prepared): AsyncGenerator<readonly Cells[]> {
    const { columns, format } = copyIn as Copied;
    const reader = format.isBinary ? new BinaryReader(columns.map(({ oid }) => oid)) : new CopyReader(format);
    while (!this.#over && (await this.#inbox.next())) {
      const { type, buffer, start, end } = this.#inbox.reader;
      const message = readFrontend(type, buffer, start, end);
      if (message.type === 'copyData') yield* reader.push(message.data);
      else if (message.type === 'copyDone') return yield* reader.end();
      else if (message.type === 'copyFail') throw new StatementError(sqlstates.cancelled, `COPY from stdin failed: ${message.reason}`);
      else if (message.type !== 'flush' && message.type !== 'sync')
        throw new ProtocolViolation(`a client's ${message.type} in the middle of a COPY`);
    }
    throw new StatementError(sqlstates.cancelled, 'the client left in the middle of a COPY');
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
        return this.#execute(message);
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

  async #execute({ portal: name, rowsMax }: Extract<Frontend, { type: 'execute' }>): Promise<void> {
    const portal = this.#portal(name);
    this.#transaction.admit(portal.prepared?.alone, isWayOut(portal.prepared));
    await this.#run(portal, rowsMax);
  }

  async #parse({ name, text, types }: Extract<Frontend, { type: 'parse' }>): Promise<void> {
    if (name !== '' && this.#statements.has(name))
      throw new StatementError(sqlstates.statementThere, `prepared statement "${name}" already exists`);
    if (this.#statements.size >= preparedMax) throw new StatementError(sqlstates.tooMuch, `there are ${preparedMax} prepared statements`);
    const statements = await this.#desk.split(text);
    if (statements.length > 1) throw new StatementError(sqlstates.syntax, 'cannot insert multiple commands into a prepared statement');
    const [statement] = statements;
    this.#statements.set(name, { prepared: statement === undefined ? undefined : await this.#prepare(statement, types) });
    this.#outbox.say({ type: 'parseComplete' });
  }

  #named(name: string): Named {
    const known = this.#statements.get(name);
    if (!known) throw missingStatement(name);
    return known;
  }

  #portal(name: string): Portal {
    const known = this.#portals.get(name);
    if (!known) throw new StatementError(sqlstates.portalMissing, `portal "${name}" does not exist`);
    return known;
  }

  async #bind({ portal, name, formats, params, results }: Extract<Frontend, { type: 'bind' }>): Promise<void> {
    const { prepared: understood } = this.#named(name);
    const prepared = understood && this.#bindable(understood);
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

  /** The statement as it is run here: `control` is kept, because it says whether it leads out of a transaction. */
  #bindable(understood: Prepared): Prepared {
    const { control } = understood;
    return control ? { ...controlled(understood, this.#reached), control } : understood;
  }

  #describeStatement(name: string): void {
    const { prepared: understood } = this.#named(name);
    const prepared = understood && this.#bindable(understood);
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
    else await this.#forget(name);
    this.#outbox.say({ type: 'closeComplete' });
  }

  async #forget(name: string): Promise<void> {
    await this.#portals.get(name)?.close();
    this.#portals.delete(name);
    this.#held.delete(name);
  }

  /** The end of a transaction, which a statement outside of one is by itself, is that of its portals. */
  async #closePortals(): Promise<void> {
    if (this.#transaction.isOpen) return;
    if (this.#portals.has('')) await this.#forget('');
    for (const name of this.#portals.named) if (!this.#held.has(name)) await this.#forget(name);
  }
}

const missingStatement = (name: string): StatementError =>
  new StatementError(sqlstates.statementMissing, `prepared statement "${name}" does not exist`);
