import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, fieldsOf, type Json, textOf, type Thing } from '../domain/json.ts';
import type { Listed, Match } from '../engine/screen/list.ts';
import { Screen } from '../engine/screen/screen.ts';
import type { Contents } from './content.ts';
import type { Happening } from './due.ts';
import { listsMax, screensKeptMax } from './limits.ts';
import type { Kept, Objects } from './object.ts';
import { dueAt } from './subscription.ts';
import { deskOfCause, found } from './world.ts';

export const listKind = 'screening_list';
export const matchKind = 'screening_match';

const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);
const types = ['individual', 'entity', 'vessel', 'aircraft'] as const;

/** An entry of a list as it was given. */
const listedOf = ({ id, name, type, aliases, birth_dates: births, countries }: Fields): Listed => ({
  ...{ id: String(id), name: String(name), aliases: texts(aliases), birthDates: texts(births), countries: texts(countries) },
  type: types.find((each) => each === type) ?? 'individual',
});

/** The lists of environments, ready to look for names on. */
export class Screens {
  readonly #objects: Objects;
  readonly #contents: Contents;
  readonly #known = new Map<string, Promise<Screen>>();

  constructor(objects: Objects, contents: Contents) {
    this.#objects = objects;
    this.#contents = contents;
  }

  /** Whom on any list a name may mean. */
  async find(at: Placed, name: string, birthDate?: string, country?: string): Promise<(Match & { readonly list: string })[]> {
    const { items } = await this.#objects.list(at, listKind, { limit: listsMax, where: [] });
    const asked = { name, ...(birthDate === undefined ? {} : { birthDate }), ...(country === undefined ? {} : { country }) };
    const found = await Promise.all(
      items.map(async (list) => (await this.of(at, list)).find(asked).map((match) => ({ ...match, list: String(list.thing.name) }))),
    );
    return found.flat().toSorted((a, b) => b.score - a.score);
  }

  /** A list, ready. */
  of(at: Placed, { hidden }: Kept): Promise<Screen> {
    const content = textOf(hidden.content) ?? '';
    const key = `${at.scope} ${content}`;
    const known = this.#known.get(key);
    if (known) return known;
    const made = this.#load(at, content);
    if (this.#known.size >= screensKeptMax) this.#known.clear();
    this.#known.set(key, made);
    made.catch(() => this.#known.delete(key));
    return made;
  }

  async #load(at: Placed, content: string): Promise<Screen> {
    const bytes = await this.#contents.get(at, content);
    const entries = bytes ? (JSON.parse(bytes.toString()) as Fields[]) : [];
    return Screen.of(entries.map(listedOf));
  }
}

/** A list has changed: every customer is looked for on it. */
export const listDue: Happening = async (world, at, { id, due }, now) => {
  const list = await found(world, at, listKind, id);
  if (list.hidden.due !== due) return;
  const screen = await world.screens.of(at, list);
  for await (const { id: customer, name, address, livemode } of world.objects.each(at, 'customer')) {
    if (typeof name !== 'string') continue;
    const country = textOf(fieldsOf(address).country);
    const matches = screen.find({ name, ...(country === undefined ? {} : { country }) });
    const made = matches.map(({ id: entry, score, reasons }): Thing => {
      const desk = deskOfCause(at, `${String(list.hidden.content)} ${customer} ${entry}`, now, livemode === true);
      const own = { id: desk.ids('scm'), object: matchKind, created: now, livemode: desk.livemode };
      return { ...own, list: list.thing.name ?? null, entry, customer, score, reasons };
    });
    if (made.length > 0) await world.objects.commit(at, await Promise.all(made.map((thing) => world.objects.insertion(at, thing))));
  }
  await world.objects.commit(at, [await world.objects.change(at, list, list.thing, dueAt(list.hidden, undefined))]);
};
