import type { Session } from '#kernel/contract/session.ts';
import type { Bracket, Cells, Desk, Field, Prepared } from '#engine/pgwire/application.ts';
import type { Channels } from '#engine/pgwire/channels.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { catalogueIn } from '../../domain/catalogue.ts';
import { asksMoment } from '../../domain/moment.ts';
import { parseStatement, type Statement, splitStatements } from '../../domain/statement.ts';
import { oidOf, printRow, readValue } from '../../domain/value.ts';
import { answer as answerQuery } from '../../engine/answer.ts';
import { answerRecursive } from '../../engine/recursion.ts';
import { callsOf, type RoutineCalls, withRoutines } from '../../engine/routine/calls.ts';
import type { analytics } from '../../service.ts';
import type { Catalogues } from '../../store/catalogue.ts';
import { explained } from '../../store/explained.ts';
import type { Named } from '../../store/named.ts';
import type { Pendings } from '../../store/pending.ts';
import { planAsked } from '../../store/question.ts';
import { words } from '../../store/relation.ts';
import type { Plans } from '../../store/view.ts';
import { advisory, type AdvisoryLocks } from './advisory.ts';
import type { ChannelsOf } from './channels.ts';
import { fieldsOf, none, unasked } from './answer.ts';
import { inPieces, isScan } from './scan.ts';
import { askCatalogue } from './catalogue.ts';
import { alteringOf } from '../../domain/alter-statement.ts';
import { checkDatabase, decideReads, reading } from './decision.ts';
import { drop } from './drop.ts';
import { oidsOf, typesOf } from './parameter.ts';
import { done, excused, placed, rows, undone } from './prepared.ts';
import { showColumns, showCreate } from './show-create.ts';
import { showing } from './showing.ts';
import { subscribing } from './subscribing.ts';
import { TableDesk } from './table.ts';
import { quoted, tableText } from '../../domain/table-text.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

/** What all connections share. */
export type Known = {
  readonly plans: Plans;
  readonly catalogues: Catalogues;
  readonly pendings: Pendings;
  readonly routines: RoutineCalls;
  readonly locks: AdvisoryLocks;
  readonly channels: ChannelsOf;
};

const texts = (...names: string[]): Field[] => names.map((name) => ({ name, oid: oidOf('text') }));

/** What one identified caller may ask of analytics: each statement is an operation of the contract. */
export class SessionDesk implements Desk {
  readonly signal: AbortSignal;
  readonly channels: Channels;
  readonly #session: Session<typeof analytics>;
  readonly #plans: Plans;
  readonly #known: Known;
  readonly #routines: RoutineCalls;
  readonly #tables: TableDesk;

  constructor(session: Session<typeof analytics>, known: Known) {
    const { plans, pendings, routines } = known;
    this.#session = session;
    this.#known = known;
    this.#plans = plans;
    this.#routines = routines;
    this.#tables = new TableDesk(session, plans, pendings);
    this.signal = session.signal;
    this.channels = known.channels.enter(session.caller.scope);
  }

  readonly split = splitStatements;

  async prepare(text: string, types: readonly number[]): Promise<Prepared | undefined> {
    const statement = await parseStatement(text, this.#plans.types(this.#tables.seen));
    checkDatabase(statement, text, this.#session.caller.scope);
    switch (statement?.kind) {
      case undefined:
        return undefined;
      case 'createSource':
        return this.#createSource(statement);
      case 'createView':
        return this.#createView(statement);
      case 'createQuery':
        return this.#createQuery(statement);
      case 'createSink':
        return this.#createSink(statement);
      case 'createTable':
        return this.#createTable(statement);
      case 'createType':
        return this.#tables.createType(statement);
      case 'createIndex':
        return this.#createIndex(statement);
      case 'createTableAs':
        return this.#createTableAs(statement);
      case 'createFunction': {
        const { text, made } = statement;
        return done('CREATE FUNCTION', (signal) => this.#session.invoke('CreateFunction', '', { name: made.name, text }, { signal }));
      }
      case 'alterConnection':
        return this.#alterConnection(statement);
      case 'alter':
        return this.#alter(statement);
      case 'reshape':
        return this.#reshape(statement);
      case 'createConnection':
        return this.#createConnection(statement);
      case 'write':
        return this.#tables.write(statement, types);
      case 'load':
        return this.#tables.load(statement);
      case 'drop':
        return drop(
          { session: this.#session, plans: this.#plans, tables: this.#tables, prepare: (each) => this.prepare(each, []) },
          statement,
        );
      case 'truncate':
        return this.#truncate(statement);
      case 'showCreate':
        return showCreate(this.#asking, statement);
      case 'showColumns':
        return showColumns(this.#asking, statement.name);
      case 'show':
        return showing(this.#session, statement.what);
      case 'subscribe':
        return subscribing(this.#asking, statement.name, statement.committed);
      case 'explain':
        return this.#explain(statement);
      case 'copy':
        return this.#copy(statement);
      case 'createSchema':
        return done('CREATE SCHEMA', async () => {
          if (!statement.orIs) throw new StatementError('42P06', 'schema "public" already exists');
        });
      case 'advisory':
      case 'notifyEach':
      case 'control':
      case 'declare':
        return this.#ofConnection(statement, types);
      case 'select':
        return this.#select(statement, types);
    }
  }

  /** What a statement asks of the connection itself. */
  async #ofConnection(statement: Of<'advisory' | 'notifyEach' | 'control' | 'declare'>, types: readonly number[]): Promise<Prepared> {
    switch (statement.kind) {
      case 'advisory': {
        return advisory(
          { locks: this.#known.locks, who: this, scope: this.#session.caller.scope, isOpen: () => this.#tables.begun !== undefined },
          statement,
        );
      }
      case 'notifyEach': {
        const of = await this.#asked(statement.text, types);
        return { params: of.params, control: { ...statement, of }, execute: unasked };
      }
      case 'control':
        return { params: [], control: statement.control, execute: unasked };
      case 'declare': {
        const of = await this.#select(statement, types);
        return { params: of.params, control: { ...statement, of }, execute: unasked };
      }
    }
  }

  get bracket(): Bracket {
    const { begin, commit, rollback, ...others } = this.#tables.bracket;
    const release = () => this.#known.locks.release(this, false);
    return {
      ...{ begin, ...others },
      commit: (signal) => commit(signal).finally(release),
      rollback: () => {
        rollback();
        release();
      },
    };
  }

  end(): void {
    this.#tables.bracket.rollback();
    this.#known.locks.release(this, true);
    this.#known.channels.leave(this.#session.caller.scope);
    this.#session.end();
  }

  #createTable({ name, text, orIs }: Of<'createTable'>): Prepared {
    return undone('CREATE TABLE', (signal) =>
      excused(
        orIs,
        sqlstates.relationThere,
        this.#session.invoke('CreateTable', '', { name, text, ...this.#tables.within('table', name) }, { signal }),
      ),
    );
  }

  get #asking() {
    return { session: this.#session, plans: this.#plans, seen: this.#tables.seen };
  }

  /** All of several tables, or none. */
  #truncate({ names }: Of<'truncate'>): Prepared {
    return undone('TRUNCATE TABLE', (signal) =>
      this.#tables.whole(async () => {
        for (const name of names) await (await this.prepare(`truncate ${quoted(name)}`, []))?.execute([], signal);
      }, signal),
    );
  }

  #createIndex({ table, index, orIs }: Of<'createIndex'>): Prepared {
    const { name, columns, isUnique: unique } = index;
    return undone('CREATE INDEX', (signal) => {
      const input = { name, columns: [...columns], unique, ...this.#tables.within('table', table) };
      return excused(orIs, sqlstates.relationThere, this.#session.invoke('CreateIndex', table, input, { signal }));
    });
  }

  /** A table of the columns that a question answers, and its rows, in one transaction. */
  async #createTableAs({ name, select, names, text, orIs, isEmpty }: Of<'createTableAs'>): Promise<Prepared> {
    const { tree } = await this.#plans.functions.inlined(this.#session.caller, select);
    const { columns } = planAsked(tree, text, await this.#named(tree), []);
    const made = tableText(name, columns, names);
    return {
      params: [],
      execute: async (_, signal) => {
        if (orIs && (await this.#plans.relation(this.#tables.seen, name))) return { rows: none, tag: () => 'CREATE TABLE AS' };
        let count = 0;
        await this.#tables.whole(async () => {
          await this.#session.invoke('CreateTable', '', { name, text: made, ...this.#tables.within('table', name) }, { signal });
          const insert = await this.prepare(`insert into ${quoted(name)} ${text}`, []);
          const { tag } = isEmpty || !insert ? { tag: () => '' } : await insert.execute([], signal);
          count = Number(tag(0).split(' ').at(-1));
        }, signal);
        return { rows: none, tag: () => (isEmpty ? 'CREATE TABLE AS' : `SELECT ${count}`) };
      },
    };
  }

  #createSource({ name, columns, topic, format, origin, start, orIs }: Of<'createSource'>): Prepared {
    const more = { ...(topic === undefined ? {} : { topic }), ...(origin ? { origin } : {}), ...(start === undefined ? {} : { start }) };
    const input = { name, columns: [...columns], format, ...more };
    return undone('CREATE SOURCE', (signal) =>
      excused(
        orIs,
        sqlstates.relationThere,
        this.#session.invoke('CreateSource', '', { ...input, ...this.#tables.within('source', name) }, { signal }),
      ),
    );
  }

  #createView({ name, text, orIs, before }: Of<'createView'>): Prepared {
    return undone('CREATE MATERIALIZED VIEW', (signal) =>
      excused(
        orIs,
        sqlstates.relationThere,
        placed(before, this.#session.invoke('CreateView', '', { name, text, ...this.#tables.within('view', name) }, { signal })),
      ),
    );
  }

  #createQuery({ name, text, before }: Of<'createQuery'>): Prepared {
    return undone('CREATE VIEW', (signal) =>
      placed(before, this.#session.invoke('CreateQuery', '', { name, text, ...this.#tables.within('query', name) }, { signal })),
    );
  }

  #createSink({ name, select, target, orIs }: Of<'createSink'>): Prepared {
    const input = { name, text: select, target: { ...target, key: [...target.key] } };
    return undone('CREATE SINK', (signal) =>
      excused(
        orIs,
        sqlstates.relationThere,
        this.#session.invoke('CreateSink', '', { ...input, ...this.#tables.within('sink', name) }, { signal }),
      ),
    );
  }

  #createConnection({ name, spec, orIs }: Of<'createConnection'>): Prepared {
    return done('CREATE CONNECTION', (signal) =>
      excused(orIs, '42710', this.#session.invoke('CreateConnection', '', { name, ...spec }, { signal })),
    );
  }

  #alterConnection({ name, spec }: Of<'alterConnection'>): Prepared {
    return done('ALTER CONNECTION', (signal) => this.#session.invoke('UpdateConnection', name, spec, { signal }));
  }

  #alter({ of, name, alteration }: Of<'alter'>): Prepared {
    const { operation, input, isExcused } = alteringOf({ of, alteration });
    const tag = `ALTER ${words[of].toUpperCase()}`;
    if (of === 'query' && alteration.what === 'rename')
      return undone(tag, (signal) =>
        this.#session.invoke('UpdateQuery', name, { name: alteration.to, ...this.#tables.within('query', name) }, { signal }),
      );
    return done(tag, (signal) => excused(isExcused, '42701', this.#session.invoke(operation, name, input, { signal })));
  }

  /** Where nothing else is part of a transaction, what can be is done to the table where it is, for those who read it. */
  async #reshape({ name, text, orNone, place }: Of<'reshape'>): Promise<Prepared> {
    const { transaction } = this.#tables.transaction;
    // ALTER TABLE renames views too.
    if (place?.alteration.what === 'rename' && (await this.#plans.relation(this.#tables.seen, name))?.kind === 'query')
      return this.#alter({ ...place, of: 'query' });
    if (place && transaction === undefined) return this.#alter(place);
    return undone('ALTER TABLE', (signal) =>
      excused(
        orNone,
        sqlstates.relationMissing,
        this.#tables.whole(
          () =>
            this.#session
              .invoke('UpdateTable', name, { statement: text.trim(), ...this.#tables.within('table', name) }, { signal })
              .then(() => undefined),
          signal,
        ),
      ),
    );
  }

  /** The relations that a SELECT names, whose columns are told to those alone who may read them. */
  async #named(select: Of<'select'>['select']): Promise<Named> {
    const named = await this.#plans.meant(this.#tables.seen, select);
    await decideReads(this.#session, named.relations);
    return named;
  }

  /** A question, by its text. */
  async #asked(text: string, oids: readonly number[]): Promise<Prepared> {
    const asked = await parseStatement(text, this.#plans.types(this.#tables.seen));
    if (asked?.kind !== 'select') throw notBuilt('This form of a question');
    return this.#select(asked, oids);
  }

  /** A question to relations, or to the catalogues; one that names neither goes to PostgreSQL where it is beyond this engine. */
  async #select(asked: Pick<Of<'select'>, 'select' | 'text'>, oids: readonly number[]): Promise<Prepared> {
    const of = catalogueIn(asked.select);
    if (of === 'some') throw notBuilt('A question to the catalogues and to relations at once');
    const catalogue = () => askCatalogue({ ...this.#known, session: this.#session, making: () => this.#tables.making }, asked, oids);
    if (of === 'all') return catalogue();
    try {
      return await this.#rows(asked, oids);
    } catch (error) {
      const isBeyond =
        error instanceof StatementError && (error.sqlstate === sqlstates.notBuilt || error.sqlstate === sqlstates.functionMissing);
      if (of !== 'nothing' || !isBeyond) throw error;
      return await catalogue().catch(() => {
        throw error;
      });
    }
  }

  async #rows({ select: asked, text }: Pick<Of<'select'>, 'select' | 'text'>, oids: readonly number[]): Promise<Prepared> {
    const { tree: select } = await this.#plans.functions.inlined(this.#session.caller, asked);
    const named = await this.#named(select);
    const known = typesOf(oids, await this.#plans.typesByOid(this.#tables.seen, oids));
    const query = planAsked(select, text, named, known);
    const types = known.map((type) => type ?? 'text');
    const [first] = named.relations;
    const prepared = rows('SELECT', fieldsOf(query.columns), async (params, signal) => {
      if (!first) {
        const given = params.map((value, at) => (value === null ? null : readValue(types[at] ?? 'text', value)));
        // The moment is that of the answer, and not of the question.
        const now = asksMoment(select) || named.asksMoment ? planAsked(select, text, named, [...types], this.#tables.begun) : query;
        const routines = this.#routines.of(this.#session.caller);
        const found =
          now.recursions.length > 0
            ? await answerRecursive(now, new Map(), { params: given, signal, askings: () => [callsOf(routines)] })
            : await withRoutines(routines, () => answerQuery(now, new Map(), given));
        return found.map((row) => printRow(query.columns, row));
      }
      const operation = reading[first.kind as keyof typeof reading];
      const input = { text, types, params: [...params], ...this.#tables.transaction };
      const { output } = await this.#session.invoke(operation, first.name, input, { signal });
      return output.rows;
    });
    const whole = { ...prepared, params: oidsOf(types, oids) };
    if (!first || !isScan(named, query, select)) return whole;
    const read = (params: Cells, signal: AbortSignal) =>
      this.#session.invoke('ScanView', first.name, { text, types, params: [...params] }, { signal });
    return inPieces(whole, () => this.#tables.making !== undefined, read);
  }

  async #copy({ of, text, format }: Of<'copy'>): Promise<Prepared> {
    const inner =
      'select' in of ? await this.#select({ select: of.select, text }, []) : await subscribing(this.#asking, of.subscribe, of.committed);
    const { fields = [], params, execute } = inner;
    return { params, execute, copy: { columns: fields, format } };
  }

  async #explain({ select: asked, text, code, view }: Of<'explain'>): Promise<Prepared> {
    const { tree: select } = await this.#plans.functions.inlined(this.#session.caller, asked);
    const named = await this.#named(select);
    const lines = await explained(this.#plans, this.#session.caller, { select, text, code, view, named });
    return rows('EXPLAIN', texts('QUERY PLAN'), async () => lines.map((line) => [line]));
  }
}
