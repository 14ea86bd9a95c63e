import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { DoorPlace } from '#kernel/contract/implement.ts';
import { readBody } from '#kernel/listen/body.ts';
import { type Question, questionsOf } from '../../domain/account-link.ts';
import { textOf, type Thing } from '../../domain/json.ts';
import type { payments } from '../../service.ts';
import { wordError } from './error.ts';
import { answerBytesMax } from './limits.ts';
import { page, plain, sendOn, show } from './page.ts';

type Place = DoorPlace<typeof payments>;

const form = /^\/setup\/([0-9a-z]{13}-[0-9a-z]{13})\/(al_[0-9A-Za-z]+)(?:\?(.*))?$/;
const note = 'What is said here is kept by this platform alone; no bank and no office is asked.';

export const isOnboarding = (url: string): boolean => url.startsWith('/setup/');

/** The page on which whoever holds a connected account says what is required of it; the secret in its address is the key to it. */
export async function serveOnboarding(place: Place, request: HttpRequest, response: HttpResponse): Promise<void> {
  const [, environment = '', id = '', query = ''] = form.exec(request.url) ?? [];
  const isAsked = request.method === 'GET' || request.method === 'POST';
  if (id === '' || !isAsked) return show(response, id === '' ? 404 : 405, page('There is no such page', '', note));
  const secret = new URLSearchParams(query).get('client_secret') ?? '';

  async function ask(operation: 'OpenAccountLink' | 'FillAccountLink', input: object): Promise<Thing> {
    const session = place.gate.anonymous({ resource: environment });
    try {
      return (await session.invoke(operation, id, { client_secret: secret, ...input } as never)).output as Thing;
    } finally {
      session.end();
    }
  }

  try {
    if (request.method === 'GET') return shown(response, await ask('OpenAccountLink', {}));
    const filled = new URLSearchParams((await readBody(request, answerBytesMax)).toString('utf8'));
    const answers = Object.fromEntries([...filled].filter(([, value]) => value !== ''));
    const by = { ip: request.headers['gamut-peer'] ?? '', user_agent: request.headers['user-agent'] ?? '' };
    const made = await ask('FillAccountLink', { answers, ...by }).catch((error: unknown) => refused(error));
    if (typeof made !== 'string') return shown(response, made);
    return shown(response, await ask('FillAccountLink', { answers: {}, ...by }), made);
  } catch (error) {
    const { status, body } = wordError(error);
    if (status >= 500) place.log('error', 'a page failed', { door: place.at.name, error: String((error as Error).stack) });
    show(response, status, page(status === 404 || status === 401 ? 'There is no such page' : 'That was not possible', body.message, note));
  }
}

/** What is wrong with an answer is said on the page; the rest is thrown on. */
function refused(error: unknown): string {
  const { status, body } = wordError(error);
  if (status === 400) return body.message;
  throw error;
}

function field({ name, label, choices, kind }: Question): string {
  if (choices) {
    const all = choices.map((choice) => `<option value="${choice}">${choice}</option>`).join('');
    return `<label>${plain(label)}<select name="${name}">${all}</select></label>`;
  }
  const type = kind === 'number' ? 'text" inputmode="numeric' : (kind ?? 'text');
  return `<label>${plain(label)}<input type="${type}" name="${name}"${kind === 'checkbox' ? ' value="yes"' : ''} required></label>`;
}

/** The questions that are left; who has answered all, or comes with an old address, is sent on. */
function shown(response: HttpResponse, link: Thing, trouble = ''): void {
  const next = textOf(link.next);
  if (next !== undefined) return sendOn(response, next);
  const error = trouble === '' ? '' : `<p role="alert">${plain(trouble)}</p>`;
  const fields = questionsOf((link.due ?? []) as string[]).map(field);
  const body = `${error}<form method="post">${fields.join('')}<button>Go on</button></form>`;
  show(response, 200, page('Your account', `To be paid by ${textOf(link.name) ?? 'this platform'}, say what is asked here.`, note, body));
}
