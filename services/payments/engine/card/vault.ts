import { fault } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { IsoMessage } from '#wire/iso8583/message.ts';
import { cardBehind, plainNumber, typingError } from '../../domain/card-number.ts';
import { cardNamed, type TestCard } from '../../domain/test-card.ts';
import type { CardStore } from './card-store.ts';
import { Front, type Inner, type Place } from './front.ts';
import type { VaultKeys } from './key.ts';
import { networkWaitMs, placesKeptMax } from './limits.ts';
import type { Question } from './line-host.ts';
import type { MessageBook } from './message-book.ts';
import type { Conditions } from './network.ts';
import { type Advice, type Asked, Switch } from './switch.ts';
import { Terminal } from './terminal.ts';
import { Tickets } from './ticket.ts';

type Parts = { readonly cards: CardStore; readonly keys: VaultKeys; readonly messages: MessageBook; readonly log: Log };

const fair: Conditions = {
  ...{ seed: '', latencyMs: 0, spreadMs: 0, waitMs: networkWaitMs, lost: 0, late: 0, twice: 0 },
  ...{ declined: 0, declineCode: '05' },
};

/** The card environment: the public door, the vault of numbers, the switch, and the simulated issuers. Its answers have no numbers. */
export class Vault {
  readonly #parts: Parts;
  readonly #tickets: Tickets;
  readonly #switch: Switch;
  readonly #terminal = new Terminal();
  readonly #conditions = new Map<string, Conditions>();
  readonly #places = new Map<string, Placed>();
  #front: Promise<Front> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#tickets = new Tickets(parts.keys.ticket);
    this.#switch = new Switch(
      (place) => this.#conditions.get(place) ?? fair,
      (place, message) => void this.#heard(place, message).catch(() => undefined),
    );
  }

  async answer(question: Question): Promise<unknown> {
    if (question.op === 'listen') return this.#listen(question.place as Place, question.inner as Inner);
    const at = { tenant: BigInt(String(question.tenant)), scope: BigInt(String(question.scope)) };
    switch (question.op) {
      case 'keep':
        return this.#keep(at, String(question.ticket), String(question.name));
      case 'test':
        return this.#test(at, String(question.card));
      case 'shred':
        return this.#parts.cards.shred(at, String(question.token));
      case 'authorize':
        return this.#authorize(at, question);
      case 'present':
        return this.#present(question);
      case 'advise':
        return this.#advise(at, question);
      case 'network':
        return {
          messages: await this.#parts.messages.last(at),
          books: this.#switch.issuers.books(formatId(at.scope)),
        };
      case 'messages':
        return this.#parts.messages.last(at, new Set(question.references as string[]));
      default:
        throw fault('NoSuchOperation', question.op);
    }
  }

  async close(): Promise<void> {
    await (await this.#front)?.close();
    await this.#switch.close();
    await this.#parts.messages.close();
    await this.#parts.cards.close();
  }

  /** The service says where its own door is; the public one is opened once, and stays when the service starts anew. */
  async #listen(place: Place, inner: Inner): Promise<unknown> {
    if (this.#front) {
      const front = await this.#front;
      front.passTo(inner, place.certificate);
      return front.address;
    }
    const opened = Front.open(place, inner, { tickets: this.#tickets, log: this.#parts.log });
    this.#front = opened;
    opened.catch(() => {
      this.#front = undefined;
    });
    return (await opened).address;
  }

  async #keep(at: Placed, ticket: string, name: string): Promise<unknown> {
    const typed = this.#tickets.typed(ticket);
    if (!typed) return { gone: true };
    const number = plainNumber(typed.number);
    const refusal = typingError(number, typed.code);
    if (refusal) return { refusal };
    const token = await this.#parts.cards.keep(at, name, { number });
    return { ...(await this.#facts(at, cardBehind(number))), token, hasCode: typed.code !== undefined };
  }

  async #test(at: Placed, name: string): Promise<unknown> {
    return { ...(await this.#facts(at, testCard(name))), test: name, hasCode: true };
  }

  async #facts(at: Placed, { number, brand, funding, country, cvcCheck, behaviour }: TestCard) {
    const [fingerprint, alias] = [await this.#parts.keys.fingerprint(at, number), await this.#parts.keys.alias(at, number)];
    return { brand, funding, country, cvcCheck, behaviour, last4: number.slice(-4), fingerprint, alias };
  }

  /** A test card is put to the simulated terminal, and its holder types a PIN. What is answered has neither of them. */
  #present({ card, amount, currency, entry, pin }: Question): object {
    const { number, brand } = testCard(String(card));
    const typed = typeof pin === 'string' ? pin : undefined;
    const asked = { number, brand, amount: Number(amount), currency: String(currency), pin: typed };
    return this.#terminal.present({ ...asked, entry: entry === 'contactless' ? 'contactless' : 'chip' }) ?? { untaken: true };
  }

  async #number(at: Placed, card: unknown): Promise<string | undefined> {
    const { token, test } = card as { token?: string; test?: string };
    if (test !== undefined) return testCard(test).number;
    return token === undefined ? undefined : (await this.#parts.cards.read(at, token))?.number;
  }

  async #authorize(at: Placed, question: Question): Promise<unknown> {
    const number = await this.#number(at, question.card);
    if (number === undefined) return { gone: true };
    const place = this.#met(at, question);
    const { waitMs } = this.#conditions.get(place) ?? fair;
    return this.#switch.authorize({ ...(question.asked as Omit<Asked, 'number' | 'place' | 'waitMs'>), number, place, waitMs });
  }

  async #advise(at: Placed, question: Question): Promise<unknown> {
    const number = await this.#number(at, question.card);
    // A card that was shredded cannot be named any more: what is held on it ends by itself.
    if (number === undefined) return { acknowledged: true };
    const place = this.#met(at, question);
    const { waitMs } = this.#conditions.get(place) ?? fair;
    const advice = { ...(question.asked as Omit<Advice, 'number' | 'place' | 'waitMs'>), number, place, waitMs };
    return { acknowledged: await this.#switch.advise(advice) };
  }

  /** An environment's messages bear its name, and are treated as it wants. */
  #met(at: Placed, { conditions }: Question): string {
    const place = formatId(at.scope);
    if (this.#places.size >= placesKeptMax && !this.#places.has(place)) {
      for (const kept of [this.#places, this.#conditions]) kept.clear();
      void this.#parts.messages.clear();
    }
    this.#places.set(place, at);
    if (conditions) this.#conditions.set(place, conditions as Conditions);
    else this.#conditions.delete(place);
    return place;
  }

  async #heard(place: string, message: IsoMessage): Promise<void> {
    const at = this.#places.get(place);
    if (!at) return;
    const said = Object.entries(message.fields).flatMap(([number, value]): [string, string][] =>
      typeof value === 'string' && number !== '2' && number !== '14' ? [[number, value.trimEnd()]] : chipShown(number, value),
    );
    const number = message.fields[2];
    const fields = Object.fromEntries(said);
    const heard = this.#parts.messages.heard(at, { at: Date.now(), mti: message.mti, fields });
    if (typeof number === 'string') fields['2'] = await this.#parts.keys.alias(at, number);
    await heard;
  }
}

/** The chip's data has no number of a card. */
const chipShown = (number: string, value: unknown): [string, string][] =>
  number === '55' && value instanceof Uint8Array ? [[number, Buffer.from(value).toString('hex')]] : [];

function testCard(name: string): TestCard {
  const card = cardNamed(name);
  if (!card) throw fault('NotFound', `There is no test card ${name}.`);
  return card;
}
