import { decoded, FormError } from '../../doors/stripe/form.ts';
import type { Typed } from './ticket.ts';

/** Where cards stand in forms: `card[number]`, `payment_method_data[card][cvc]`, `source[number]`. */
const inForm = /^((?:.*\[)?(?:card|source|default_source|external_account)\]?)\[(number|cvc|vaulted)\]$/;
/** The page of a checkout has one card, and no brackets. */
const onPage = /^()(number|cvc|vaulted)$/;

type Pair = { readonly parent: string; readonly field: string; readonly value: string };

/** The card field that a pair of a form is; undefined for any other. */
function cardField(pair: string, isPage: boolean): Pair | undefined {
  const equals = pair.indexOf('=');
  const [, parent, field] = (isPage ? onPage : inForm).exec(decoded(equals < 0 ? pair : pair.slice(0, equals))) ?? [];
  if (parent === undefined || field === undefined) return undefined;
  return { parent, field, value: equals < 0 ? '' : decoded(pair.slice(equals + 1)) };
}

/** A form without numbers and codes of cards: in place of a number stands the ticket that `give` answers. */
export async function withoutCards(body: string, isPage: boolean, give: (typed: Typed) => Promise<string>): Promise<string> {
  const pairs = body.split('&').map((pair) => ({ pair, card: cardField(pair, isPage) }));
  const cards = pairs.flatMap(({ card }) => (card ? [card] : []));
  if (cards.length === 0) return body;
  const forged = cards.find(({ field }) => field === 'vaulted');
  if (forged) throw new FormError(`Received unknown parameter: ${forged.parent}[vaulted]`);
  const last = (parent: string, field: string) => cards.findLast((card) => card.parent === parent && card.field === field)?.value;
  const left = pairs.filter(({ card }) => card === undefined).map(({ pair }) => pair);
  for (const parent of new Set(cards.map((card) => card.parent))) {
    const number = last(parent, 'number') ?? '';
    if (number.trim() === '') continue;
    const code = last(parent, 'cvc');
    const name = parent === '' ? 'vaulted' : `${parent}[vaulted]`;
    left.push(`${encodeURIComponent(name)}=${await give({ number, code: code === '' ? undefined : code })}`);
  }
  return left.join('&');
}

/** Numbers stand in bodies: an address is written down on the way. */
export function assertNoCard(query: string): void {
  for (const pair of query.split('&'))
    if (cardField(pair, false)) throw new FormError('Numbers and codes of cards are sent in the body of a request, never in its address.');
}
