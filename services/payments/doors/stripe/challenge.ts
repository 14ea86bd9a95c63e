import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { DoorPlace } from '#kernel/contract/implement.ts';
import { readBody } from '#kernel/listen/body.ts';
import { backUrl } from '../../domain/challenge.ts';
import { spoken } from '../../domain/currency.ts';
import { fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import type { payments } from '../../service.ts';
import { wordError } from './error.ts';
import { answerBytesMax } from './limits.ts';
import { page, sendOn, show } from './page.ts';

type Place = DoorPlace<typeof payments>;
type Visit = { readonly place: Place; readonly request: HttpRequest; readonly environment: string; readonly id: string };

const form = /^\/3d_secure\/([0-9a-z]{13}-[0-9a-z]{13})\/((?:pi|seti)_[0-9A-Za-z]+)(?:\?(.*))?$/;

/** The page on which the holder of a simulated card proves it, or fails to; it has no key but the client secret in its address. */
export async function serveChallenge(place: Place, request: HttpRequest, response: HttpResponse): Promise<void> {
  const [, environment = '', id = '', query = ''] = form.exec(request.url) ?? [];
  const isAsked = request.method === 'GET' || request.method === 'POST';
  if (id === '' || !isAsked) return show(response, id === '' ? 404 : 405, page('There is no such page', '', note));
  try {
    const secret = new URLSearchParams(query).get('client_secret') ?? '';
    const visit = { place, request, environment, id };
    if (request.method === 'GET') return show(response, 200, pageOf(await asked(visit, secret)));
    const outcome = new URLSearchParams((await readBody(request, answerBytesMax)).toString('utf8')).get('outcome');
    const { back, thing } = await answered(visit, secret, outcome === 'authenticated' ? 'authenticated' : 'failed');
    if (back === undefined) return show(response, 200, pageOf(thing));
    sendOn(response, backUrl(back, thing));
  } catch (error) {
    const { status, body } = wordError(error);
    if (status >= 500) place.log('error', 'a page failed', { door: place.at.name, error: String((error as Error).stack) });
    show(
      response,
      status,
      page(status === 404 || status === 401 ? 'There is no such payment' : 'That was not possible', body.message, note),
    );
  }
}

const isPayment = (id: string): boolean => id.startsWith('pi_');

async function asked({ place, environment, id }: Visit, secret: string): Promise<Thing> {
  const session = place.gate.anonymous({ resource: environment });
  try {
    const read = isPayment(id) ? 'GetPaymentIntent' : 'GetSetupIntent';
    return (await session.invoke(read, id, { client_secret: secret })).output as Thing;
  } finally {
    session.end();
  }
}

/** Where the browser goes then, and what became of the payment; an answer that came before counts, a refused card is one. */
async function answered(visit: Visit, secret: string, outcome: 'authenticated' | 'failed') {
  const { place, environment, id } = visit;
  const before = await asked(visit, secret);
  const back = textOf(fieldsOf(fieldsOf(before.next_action).redirect_to_url).return_url);
  if (before.status !== 'requires_action') return { back, thing: before };
  const session = place.gate.anonymous({ resource: environment });
  try {
    const answer = isPayment(id) ? 'AnswerPaymentIntentChallenge' : 'AnswerSetupIntentChallenge';
    const { output } = await session.invoke(answer, id, { client_secret: secret, outcome });
    return { back, thing: output as Thing };
  } catch (error) {
    const after = await asked(visit, secret);
    if (after.status === 'requires_action') throw error;
    return { back, thing: after };
  } finally {
    session.end();
  }
}

const note = 'This is simulated: no bank is asked, and no card or account is charged.';

function pageOf(thing: Thing): string {
  if (thing.status !== 'requires_action') {
    const isWell = thing.status !== 'requires_payment_method' && thing.status !== 'canceled';
    return page(isWell ? 'Authentication is complete' : 'Authentication has failed', 'You may close this page.', note);
  }
  const what =
    thing.object === 'payment_intent' ? `A payment of ${spoken(Number(thing.amount), String(thing.currency))}` : 'A card or account';
  const button = (outcome: string, text: string) => `<button name="outcome" value="${outcome}">${text}</button>`;
  const buttons = button('authenticated', 'Complete authentication') + button('failed', 'Fail authentication');
  return page('Is it you?', `${what} is to be confirmed by who holds it.`, note, `<form method="post">${buttons}</form>`);
}
