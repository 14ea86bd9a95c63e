import { Random } from '#engine/random/random.ts';

/** The relations of Nexmark, with their columns in order. */
export const nexmarkTables = {
  person: {
    id: 'int8',
    name: 'text',
    emailaddress: 'text',
    creditcard: 'text',
    city: 'text',
    state: 'text',
    datetime: 'timestamp',
    extra: 'text',
  },
  auction: {
    ...{ id: 'int8', itemname: 'text', description: 'text', initialbid: 'int8', reserve: 'int8' },
    ...{ datetime: 'timestamp', expires: 'timestamp', seller: 'int8', category: 'int8', extra: 'text' },
  },
  bid: { auction: 'int8', bidder: 'int8', price: 'int8', channel: 'text', url: 'text', datetime: 'timestamp', extra: 'text' },
} as const;

export type NexmarkTable = keyof typeof nexmarkTables;
/** A row; times are milliseconds since 1970. */
export type NexmarkEvent = { readonly table: NexmarkTable; readonly row: readonly (string | number)[] };

// The published model: of fifty events one is a person, three are auctions, the others bids.
const [persons, auctions, all] = [1, 3, 50];
const [firstId, firstCategory, categories] = [1000, 10, 5];
const [activePeople, openAuctions, lead, hot] = [1000, 100, 10, 100];
const [hotSellers, hotAuctions, hotBidders, hotChannels, channels] = [4, 2, 4, 2, 10_000];
const states = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'];
const cities = ['Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond', 'Seattle', 'Kent', 'Cheyenne'];
const firstNames = ['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie', 'Sarah', 'Deiter', 'Walter'];
const lastNames = ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'];
const hotNames = ['Google', 'Facebook', 'Baidu', 'Apple'];

/** Events of Nexmark in the order of their time, the same from one seed. */
export class Nexmark {
  readonly #random: Random;
  readonly #start: number;
  readonly #perSecond: number;
  #next = 0;

  constructor(seed: number, perSecond: number, start = Date.UTC(2024, 0, 15, 7)) {
    this.#random = new Random(seed);
    this.#perSecond = perSecond;
    this.#start = start;
  }

  *take(count: number): Generator<NexmarkEvent> {
    for (let taken = 0; taken < count; taken += 1, this.#next += 1) {
      const kind = this.#next % all;
      if (kind < persons) yield this.#person();
      else if (kind < persons + auctions) yield this.#auction();
      else yield this.#bid();
    }
  }

  #at(event: number): number {
    return this.#start + Math.floor((event * 1000) / this.#perSecond);
  }

  #lastPerson(): number {
    return Math.floor(this.#next / all);
  }

  #lastAuction(): number {
    const [round, place] = [Math.floor(this.#next / all), this.#next % all];
    if (place < persons) return Math.max(0, round * auctions - 1);
    return round * auctions + Math.min(place - persons, auctions - 1);
  }

  #somePerson(): number {
    const known = this.#lastPerson() + 1;
    const active = Math.min(known, activePeople);
    return known - active + this.#random.below(active + lead);
  }

  #someAuction(): number {
    const last = this.#lastAuction();
    const least = Math.max(last - openAuctions, 0);
    return least + this.#random.below(last - least + 1 + lead);
  }

  #price(): number {
    return Math.round(10 ** (this.#random.next() * 6) * 100);
  }

  #text(length: number): string {
    let text = '';
    for (let left = length; left > 0; left -= 1) text += String.fromCharCode(97 + this.#random.below(26));
    return text;
  }

  #extra(current: number, wanted: number): string {
    if (current > wanted) return '';
    const [around, spread] = [wanted - current, Math.round((wanted - current) * 0.2)];
    return this.#text(around - spread + (spread === 0 ? 0 : this.#random.below(2 * spread)));
  }

  #person(): NexmarkEvent {
    const random = this.#random;
    const id = this.#lastPerson() + firstId;
    const name = `${random.of(firstNames)} ${random.of(lastNames)}`;
    const mail = `${this.#text(7)}@${this.#text(5)}.com`;
    const card = Array.from({ length: 4 }, () => String(random.below(10_000)).padStart(4, '0')).join(' ');
    const [city, state] = [random.of(cities), random.of(states)];
    const size = 8 + name.length + mail.length + card.length + city.length + state.length;
    return { table: 'person', row: [id, name, mail, card, city, state, this.#at(this.#next), this.#extra(size, 200)] };
  }

  #auction(): NexmarkEvent {
    const random = this.#random;
    const id = this.#lastAuction() + firstId;
    const seller = (random.below(hotSellers) > 0 ? Math.floor(this.#lastPerson() / hot) * hot : this.#somePerson()) + firstId;
    const at = this.#at(this.#next);
    const initial = this.#price();
    const horizon = this.#at(this.#next + Math.floor((openAuctions * all) / auctions)) - at;
    const expires = at + 1 + random.below(Math.max(horizon * 2, 1));
    const [name, description] = [this.#text(10), this.#text(50)];
    const reserve = initial + this.#price();
    const category = firstCategory + random.below(categories);
    const extra = this.#extra(8 + name.length + description.length + 48, 500);
    return { table: 'auction', row: [id, name, description, initial, reserve, at, expires, seller, category, extra] };
  }

  #bid(): NexmarkEvent {
    const random = this.#random;
    const auction = (random.below(hotAuctions) > 0 ? Math.floor(this.#lastAuction() / hot) * hot : this.#someAuction()) + firstId;
    const bidder = (random.below(hotBidders) > 0 ? Math.floor(this.#lastPerson() / hot) * hot + 1 : this.#somePerson()) + firstId;
    const price = this.#price();
    const place = random.below(hotChannels) > 0 ? random.below(hotNames.length) : -1;
    const number = random.below(channels);
    const channel = place >= 0 ? (hotNames[place] as string) : `channel-${number}`;
    const path = `https://www.nexmark.com/${this.#text(5)}/${this.#text(5)}/${this.#text(5)}/item.htm?query=1`;
    const url = place >= 0 ? path : `${path}&channel_id=${number * 107_374}`;
    const row = [auction, bidder, price, channel, url, this.#at(this.#next), this.#extra(40 + channel.length + url.length, 100)];
    return { table: 'bid', row };
  }
}
