import type { Placed } from '#kernel/contract/provider.ts';
import type { Sql, Statement } from '#seams/sql/sql.ts';

/** A statement that drops relations, which writes down the topics of tables among them, and what it answers of those that went. */
export const loosening = (deleting: string, answer: string): string =>
  `with gone as (${deleting}),
     loose as (insert into loose_topic (topic) select topic from gone where kind = 'table' on conflict do nothing)
   select ${answer} from gone`;

/** A topic is that of a table which is kept from now on. */
export const keeping = (topic: string | null): Statement => ({ text: 'delete from loose_topic where topic = $1', params: [topic] });

/** Topics that were made for tables and are of none, as they are written down. */
export class LooseTopicStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async note(at: Placed, topic: string): Promise<void> {
    await this.#sql.as(at).query('insert into loose_topic (topic) values ($1)', [topic]);
  }

  async forget(at: Placed, topic: string): Promise<void> {
    const { text, params } = keeping(topic);
    await this.#sql.as(at).query(text, params);
  }

  async list(at: Placed): Promise<string[]> {
    return (await this.#sql.as(at).query<{ topic: string }>('select topic from loose_topic order by topic')).rows.map(({ topic }) => topic);
  }

  /** Whether it is still written down, and no source reads it and nothing writes to it. */
  async isOfNobody(at: Placed, topic: string): Promise<boolean> {
    const { rows } = await this.#sql.as(at).query(
      `select 1 from loose_topic l where topic = $1 and not exists (select from relation r where l.topic in
         (r.topic, r.target->>'topic', r.format->>'deadLetters', r.format->'watermark'->>'late'))`,
      [topic],
    );
    return rows.length > 0;
  }
}
