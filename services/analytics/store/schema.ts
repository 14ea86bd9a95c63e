import type { Placed } from '#kernel/contract/provider.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Format } from '../domain/format.ts';
import { type Schemas, schemaIdOf, type Understood, understood } from '../domain/record.ts';
import { schemasKeptMax } from './limits.ts';

/** The schemas of values, as the registry has them. A number stands for one schema for ever, so each is asked for once. */
export class SchemaStore {
  readonly #logs: Logs;
  readonly #known = new Map<string, Understood | StatementError>();

  constructor(logs: Logs) {
    this.#logs = logs;
  }

  /** What some values need to be read. */
  async of(at: Placed, format: Format, values: Iterable<Buffer | null>): Promise<Schemas> {
    const found = new Map<number, Understood | StatementError>();
    for (const value of values) {
      const id = schemaIdOf(format, value);
      if (id === undefined || found.has(id)) continue;
      const schema = await this.#one(at, id);
      if (schema) found.set(id, schema);
    }
    return found;
  }

  async #one(at: Placed, id: number): Promise<Understood | StatementError | undefined> {
    const key = `${at.scope} ${id}`;
    const known = this.#known.get(key);
    if (known) return known;
    const told = id > 0 ? await (await this.#logs.registry(at)).schema(id) : undefined;
    if (!told) return undefined;
    const schema = attempted(() => understood(told));
    if (this.#known.size >= schemasKeptMax) this.#known.clear();
    this.#known.set(key, schema);
    return schema;
  }
}

function attempted(work: () => Understood): Understood | StatementError {
  try {
    return work();
  } catch (error) {
    if (error instanceof StatementError) return error;
    throw error;
  }
}
