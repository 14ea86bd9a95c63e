import { type DuckDBConnection, DuckDBDataChunk, DuckDBInstance, VARCHAR } from '@duckdb/node-api';

/** Rows of one of DuckDB's chunks. */
const chunkRows = 2048;

/** DuckDB in memory, on one thread. */
export class Duck implements Disposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(): Promise<Duck> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    return new Duck(instance, await instance.connect());
  }

  async run(text: string): Promise<void> {
    await this.#connection.run(text);
  }

  /** An answer by columns. */
  async columns(text: string): Promise<unknown[][]> {
    return (await this.#connection.runAndReadAll(text)).getColumns();
  }

  /** A table of texts that are cast to the types of its columns. */
  async table(name: string, columns: Readonly<Record<string, string>>, rows: readonly (readonly (string | number)[])[]): Promise<void> {
    const names = Object.keys(columns);
    await this.run(`create table texts (${names.map((each) => `${each} varchar`).join(', ')})`);
    const appender = await this.#connection.createAppender('texts');
    for (let from = 0; from < rows.length; from += chunkRows) {
      const some = rows.slice(from, from + chunkRows);
      const chunk = DuckDBDataChunk.create(
        names.map(() => VARCHAR),
        some.length,
      );
      chunk.setColumns(names.map((_, at) => some.map((row) => String(row[at]))));
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    const typed = names.map((each) => (columns[each] === 'timestamp' ? `epoch_ms(${each}::bigint)` : `${each}::${columns[each]}`));
    await this.run(`create table ${name} as select ${typed.map((each, at) => `${each} as ${names[at]}`).join(', ')} from texts`);
    await this.run('drop table texts');
  }

  [Symbol.dispose](): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}
