import { fieldsOf, type Fields, type Json, type Thing } from './json.ts';

export const linkKind = 'account_link';

/** Seconds for which the address of an account's page may be opened. */
const linkSeconds = 300;
/** Seconds that somebody has who has opened it. */
export const fillSeconds = 3_600;

type Own = { readonly id: string; readonly created: number; readonly url: string };

/** The address of a page on which whoever holds an account says what is still required of it. */
export const newLink = ({ id, created, url }: Own): Thing => ({ id, object: linkKind, created, expires_at: created + linkSeconds, url });

/** A question of the page, for each thing that is required. */
export type Question = {
  readonly name: string;
  readonly label: string;
  readonly choices?: readonly string[];
  /** What the browser is to expect. */
  readonly kind?: 'number' | 'checkbox' | 'url';
};

const labels: Readonly<Record<string, string>> = {
  'business_profile.mcc': 'Category code of the business (four digits)',
  'business_profile.url': 'Website',
  'individual.first_name': 'First name',
  'individual.last_name': 'Last name',
  'individual.dob.day': 'Day of birth',
  'individual.dob.month': 'Month of birth',
  'individual.dob.year': 'Year of birth',
  'company.name': 'Name of the company',
};

const bank: readonly Question[] = [
  { name: 'external_account.account_number', label: 'Number of the bank account' },
  { name: 'external_account.routing_number', label: 'Routing number' },
];
const agreed: Question = { name: 'tos_acceptance', label: 'I accept the terms of service', kind: 'checkbox' };

/** What the page asks for, of what is due; nothing when nothing is. */
export function questionsOf(due: readonly string[]): Question[] {
  const asked: Question[] = [];
  for (const path of due) {
    if (path === 'business_type') asked.push({ name: path, label: 'Kind of business', choices: ['individual', 'company'] });
    else if (path === 'external_account') asked.push(...bank);
    else if (path === 'tos_acceptance.date') asked.push(agreed);
    else if (path !== 'tos_acceptance.ip')
      asked.push({ name: path, label: labels[path] ?? path, ...(path.includes('.dob.') ? { kind: 'number' as const } : {}) });
  }
  return asked;
}

export const dueOf = ({ requirements }: Thing): string[] => ((fieldsOf(requirements).currently_due ?? []) as Json[]).map(String);

type Signer = { readonly at: number; readonly ip: string; readonly agent: string };

/** What somebody filled in, as a change of the account; what is empty was not said. */
export function filledIn(account: Thing, answers: Fields, { at, ip, agent }: Signer): Fields {
  const given: Fields = {};
  for (const { name, kind } of questionsOf(dueOf(account))) {
    const answer = answers[name];
    if (typeof answer !== 'string' || answer.trim() === '') continue;
    if (name === agreed.name) given.tos_acceptance = { date: at, ip, user_agent: agent };
    else put(given, name.split('.'), kind === 'number' ? Number(answer) : answer.trim());
  }
  const number = fieldsOf(given.external_account).account_number;
  if (number === undefined) delete given.external_account;
  else
    given.external_account = {
      ...fieldsOf(given.external_account),
      ...{ object: 'bank_account', country: account.country ?? 'US', currency: account.default_currency ?? 'usd' },
    };
  return given;
}

function put(into: Fields, [first = '', ...rest]: readonly string[], value: Json): void {
  if (rest.length === 0) {
    into[first] = value;
    return;
  }
  const inner = { ...fieldsOf(into[first]) };
  put(inner, rest, value);
  into[first] = inner;
}
