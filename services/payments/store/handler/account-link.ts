import { timingSafeEqual } from 'node:crypto';
import { dueOf, fillSeconds, filledIn, linkKind, newLink } from '../../domain/account-link.ts';
import { changedAccount } from '../../domain/account.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { placeText } from '../challenge.ts';
import { changed } from '../change.ts';
import { invalid, missing } from '../fault.ts';
import type { Kept } from '../object.ts';
import { found, type World } from '../world.ts';
import { accountKind, bankGiven } from './account.ts';
import { type All, handlersOf, type Request } from './handlers.ts';

const secretLength = 32;

async function create({ world, desk, input, context }: Request): Promise<Thing> {
  const id = desk.ids('al');
  const { thing } = await found(world, desk.at, accountKind, String(input.account), 'account');
  const secret = await world.secrets.hash(desk.at, 'client secret', id, secretLength);
  const url = `${context.accounts ?? context.pages ?? ''}/setup/${placeText(desk.at)}/${id}?client_secret=${secret}`;
  const link = newLink({ id, created: desk.created, url });
  const { refresh_url, return_url } = input;
  const hidden: Fields = { account: thing.id, secret, refresh: refresh_url ?? '', back: return_url ?? '', opened: null };
  // The address holds the secret: it is said once, and kept beside what others may read.
  await world.objects.commit(desk.at, [await world.objects.insertion(desk.at, { ...link, url: null }, hidden)]);
  return link;
}

/** The link of a page that knows its secret. */
async function known({ world, desk, id, input }: Request): Promise<Kept> {
  const kept = await found(world, desk.at, linkKind, id);
  const [given, secret] = [Buffer.from(textOf(input.client_secret) ?? ''), Buffer.from(String(kept.hidden.secret))];
  if (given.length !== secret.length || !timingSafeEqual(given, secret)) throw missing(linkKind, id);
  return kept;
}

/** What the page shows: the questions that are left, or where the browser goes on to. */
const shown = (link: Kept, account: Thing): Thing => ({
  ...{
    id: link.thing.id,
    object: linkKind,
    due: dueOf(account),
    account: account.id,
    name: fieldsOf(account.business_profile).name ?? null,
  },
  next: dueOf(account).length === 0 ? (link.hidden.back ?? null) : null,
});
const stale = (link: Kept): Thing => ({ id: link.thing.id, object: linkKind, due: [], next: link.hidden.refresh ?? null });

/** A link opens once, and within minutes; whoever comes again is sent to where a new one is made. */
async function open(request: Request): Promise<Thing> {
  const { world, desk } = request;
  const link = await known(request);
  if (link.hidden.opened !== null || desk.created > Number(link.thing.expires_at)) return stale(link);
  const account = await found(world, desk.at, accountKind, String(link.hidden.account));
  const opened = { ...link.hidden, opened: desk.created };
  await world.objects.commit(desk.at, [await world.objects.change(desk.at, link, link.thing, opened)]);
  return shown(link, account.thing);
}

async function fill(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const link = await known(request);
  if (link.hidden.opened === null || desk.created > Number(link.hidden.opened) + fillSeconds) return stale(link);
  const id = String(link.hidden.account);
  const before = await found(world, desk.at, accountKind, id);
  const signer = { at: desk.created, ip: textOf(input.ip) ?? '', agent: textOf(input.user_agent) ?? '' };
  const given = filledIn(before.thing, fieldsOf(input.answers), signer);
  checkAnswers(given);
  const bank = await bankGiven(request, id, given.external_account);
  const change = ({ thing }: Kept) => ({ next: changedAccount(thing, given, bank?.bank), also: bank ? [bank.number] : [] });
  return shown(link, await changed(world, desk, accountKind, id, change, 'account.updated'));
}

/** What the API would refuse of an account is refused of a page. */
function checkAnswers(given: Fields): void {
  const { mcc, url } = fieldsOf(given.business_profile);
  if (mcc !== undefined && !/^[0-9]{4}$/.test(String(mcc))) throw invalid('business_profile[mcc]', 'The category code has four digits.');
  if (url !== undefined && !/^https?:\/\/./.test(String(url))) throw invalid('business_profile[url]', 'The website begins with https://.');
  for (const [name, part] of Object.entries(fieldsOf(fieldsOf(given.individual).dob)))
    if (!Number.isSafeInteger(part) || Number(part) < 1 || Number(part) > 9999)
      throw invalid(`individual[dob][${name}]`, 'The date of birth is made of numbers.');
  const kind = given.business_type;
  if (kind !== undefined && kind !== 'individual' && kind !== 'company')
    throw invalid('business_type', 'The kind of business is individual or company.');
}

export const accountLinkHandlers = (world: World) =>
  handlersOf(world, { CreateAccountLink: create, OpenAccountLink: open, FillAccountLink: fill }) satisfies Partial<All>;
