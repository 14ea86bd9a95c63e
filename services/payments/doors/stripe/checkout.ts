import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { DoorPlace } from '#kernel/contract/implement.ts';
import { readBody } from '#kernel/listen/body.ts';
import { successUrl } from '../../domain/checkout.ts';
import { spoken } from '../../domain/currency.ts';
import { textOf, type Thing } from '../../domain/json.ts';
import type { payments } from '../../service.ts';
import { wordError } from './error.ts';
import { answerBytesMax } from './limits.ts';
import { page, plain, sendOn, show } from './page.ts';

type Place = DoorPlace<typeof payments>;
type Operation = 'GetCheckoutSession' | 'CompleteCheckoutSession' | 'OpenPaymentLink';

const form = /^\/(c\/pay|b)\/([0-9a-z]{13}-[0-9a-z]{13})\/((?:cs|plink)_[0-9A-Za-z_]+)(?:\?(.*))?$/;
const note = 'The bank is simulated here: pay with one of the test cards of Stripe, and no card is charged.';

export const isCheckout = (url: string): boolean => url.startsWith('/c/pay/') || url.startsWith('/b/');

/** The page on which somebody buys, and the address that makes such pages; there is no key but the secret in its address. */
export async function serveCheckout(place: Place, request: HttpRequest, response: HttpResponse, origin: string): Promise<void> {
  const [, way = '', environment = '', id = '', query = ''] = form.exec(request.url) ?? [];
  const isPage = way === 'c/pay';
  const isAsked = request.method === 'GET' || (isPage && request.method === 'POST');
  if (id === '' || !isAsked) return show(response, id === '' ? 404 : 405, page('There is no such page', '', note));
  const secret = new URLSearchParams(query).get('client_secret') ?? '';

  async function ask(operation: Operation, input: object): Promise<Thing> {
    const session = place.gate.anonymous({ resource: environment });
    try {
      const given = { client_secret: secret, ...input };
      return (await session.invoke(operation, id, given as never, { context: { pages: origin } })).output as Thing;
    } finally {
      session.end();
    }
  }

  try {
    if (!isPage) return sendOn(response, String((await ask('OpenPaymentLink', {})).url));
    if (request.method === 'GET') return shown(response, await ask('GetCheckoutSession', {}));
    const filled = new URLSearchParams((await readBody(request, answerBytesMax)).toString('utf8'));
    const answer = await ask('CompleteCheckoutSession', boughtBy(filled)).catch((error: unknown) => refused(error));
    if (typeof answer === 'string') return shown(response, await ask('GetCheckoutSession', {}), answer);
    const next = textOf(answer.next);
    return next === undefined ? shown(response, answer) : sendOn(response, next);
  } catch (error) {
    const { status, body } = wordError(error);
    if (status >= 500) place.log('error', 'a page failed', { door: place.at.name, error: String((error as Error).stack) });
    show(response, status, page(status === 404 || status === 401 ? 'There is no such page' : 'That was not possible', body.message, note));
  }
}

/** What is wrong with a card or a form is said on the page; the rest is thrown on. */
function refused(error: unknown): string {
  const { status, body } = wordError(error);
  if (status === 402 || status === 400) return body.message;
  throw error;
}

/** What somebody filled in, as the operation wants it. */
function boughtBy(filled: URLSearchParams): object {
  const [month = '', year = ''] = (filled.get('expiry') ?? '').split('/').map((part) => part.trim());
  const vaulted = filled.get('vaulted');
  const card = { ...(vaulted === null ? {} : { vaulted }), exp_month: numbered(month), exp_year: numbered(year) };
  const said = ['email', 'name'].flatMap((name) => (filled.get(name) ? [[name, filled.get(name)]] : []));
  return { card, ...Object.fromEntries(said) };
}

const numbered = (text: string): number => (/^[0-9]{1,4}$/.test(text) ? Number(text) : 0);

/** The page as it is now; who has bought is sent on. */
function shown(response: HttpResponse, session: Thing, trouble = ''): void {
  if (session.status === 'complete') {
    const url = successUrl(session);
    return url === undefined ? show(response, 200, page('Thank you', 'You may close this page.', note)) : sendOn(response, url);
  }
  if (session.status !== 'open') return show(response, 200, page('This page is closed', 'Nothing can be bought on it any more.', note));
  const money = (amount: unknown) => plain(spoken(Number(amount), String(session.currency)));
  const lines = ((session.line_items ?? []) as Thing[]).map(
    ({ description, quantity, amount_total: amount }) =>
      `<dt>${plain(`${String(quantity)} × ${String(description)}`)}</dt><dd>${money(amount)}</dd>`,
  );
  const field = (name: string, label: string, more: string) =>
    `<label>${label}<input name="${name}" required autocomplete="${more}"></label>`;
  const email = session.customer === null && session.customer_email === null ? field('email', 'E-mail', 'email') : '';
  const card = field('number', 'Card number', 'cc-number') + field('expiry', 'MM / YY', 'cc-exp') + field('cvc', 'CVC', 'cc-csc');
  const error = trouble === '' ? '' : `<p role="alert">${plain(trouble)}</p>`;
  const cancel = textOf(session.cancel_url);
  const back = cancel === undefined ? '' : `<p><a href="${plain(cancel)}">Back</a></p>`;
  const holder = field('name', 'Name on card', 'cc-name');
  const button = `<button>Pay ${money(session.amount_total)}</button>`;
  const body = `<dl>${lines.join('')}</dl>${error}<form method="post">${email}${card}${holder}${button}</form>${back}`;
  show(response, 200, page('Checkout', `To pay: ${spoken(Number(session.amount_total), String(session.currency))}`, note, body));
}
