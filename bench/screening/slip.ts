import { createHash } from 'node:crypto';
import type { Asked, Listed } from '#services/payments/engine/screen/list.ts';

export type Slip = { readonly asked: Asked; readonly id: string; readonly kind: string };

/** Draws that follow from a seed. */
function draws(seed: string) {
  let count = 0;
  return (most: number): number => {
    count += 1;
    return createHash('sha256').update(`${seed} ${count}`).digest().readUInt32BE(0) % most;
  };
}

type Draw = ReturnType<typeof draws>;

/** One slip of a typist: a letter is left out, doubled, wrong, or in its neighbour's place. */
function typo(text: string, draw: Draw): string {
  const places = [...text].flatMap((letter, at) => (/[A-Za-z]/.test(letter) ? [at] : []));
  const at = places[draw(places.length)] ?? 0;
  const [before, letter = '', after] = [text.slice(0, at), text[at], text.slice(at + 1)];
  const other = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[draw(26)] ?? 'A';
  return (
    [before + after, before + letter + letter + after, before + other + after, before + (after[0] ?? '') + letter + after.slice(1)][
      draw(4)
    ] ?? text
  );
}

/** Ways to write the same sound. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/kh/gi, 'h'],
  [/q/gi, 'k'],
  [/ou|oo/gi, 'u'],
  [/u(?=[a-z])/gi, 'ou'],
  [/sh/gi, 'ch'],
  [/ee/gi, 'i'],
  [/y/gi, 'i'],
  [/j/gi, 'dj'],
  [/ph/gi, 'f'],
  [/v/gi, 'w'],
  [/k/gi, 'q'],
  [/i(?=[a-z])/gi, 'ee'],
];

function respelled(text: string, draw: Draw): string {
  const able = spellings.filter(([from]) => text.search(from) >= 0);
  const [from, to] = able[draw(Math.max(1, able.length))] ?? [/^$/, ''];
  return text.replace(from, to);
}

const cyrillic: readonly (readonly [string, string])[] = [
  ...([
    ['shch', 'щ'],
    ['zh', 'ж'],
    ['kh', 'х'],
    ['ts', 'ц'],
    ['ch', 'ч'],
    ['sh', 'ш'],
    ['yu', 'ю'],
    ['ya', 'я'],
  ] as const),
  ...[...'abvgdezijklmnoprstufhyqwxc'].map((letter, at) => [letter, [...'абвгдезийклмнопрстуфхыквкк'][at] ?? ''] as const),
];

/** A name as a Russian clerk would write it down. */
function inCyrillic(text: string): string {
  let left = text.toLowerCase();
  let made = '';
  while (left !== '') {
    const [latin, letter] = cyrillic.find(([each]) => left.startsWith(each)) ?? [left[0] ?? '', left[0] ?? ''];
    made += letter;
    left = left.slice(latin.length);
  }
  return made;
}

const turned = (name: string): string => name.split(', ').toReversed().join(' ');

/** Names of a list as people write them: with slips, in another spelling or script, by another name, in another order. */
export function perturbed(listed: readonly Listed[], seed: string, count: number): Slip[] {
  const draw = draws(seed);
  const able = listed.filter(({ name }) => name.length >= 8 && name.includes(' '));
  return Array.from({ length: count }, (_, index) => {
    const { id, name, aliases, birthDates } = able[draw(able.length)] as Listed;
    const dated = birthDates[0]?.length === 10 && draw(2) === 0 ? { birthDate: birthDates[0] } : {};
    const kind = ['one slip', 'two slips', 'alias', 'spelling', 'script', 'order'][index % 6] ?? '';
    const other = aliases.filter((alias) => alias.length >= 6)[0] ?? name;
    const made: Record<string, () => string> = {
      'one slip': () => typo(turned(name), draw),
      'two slips': () => typo(typo(name, draw), draw),
      alias: () => typo(other, draw),
      spelling: () => respelled(turned(name), draw),
      script: () => inCyrillic(turned(name)),
      order: () => turned(name).toUpperCase(),
    };
    return { asked: { name: made[kind]?.() ?? name, ...dated }, id, kind };
  });
}

const given = [
  ...['James', 'Mary', 'Robert', 'Patricia', 'Wei', 'Yuki', 'Hans', 'Ingrid', 'Luca', 'Giulia', 'Pierre', 'Camille', 'Ahmed', 'Fatima'],
  ...[
    'Omar',
    'Layla',
    'Ivan',
    'Olga',
    'Dmitri',
    'Svetlana',
    'Carlos',
    'Maria',
    'Jorge',
    'Lucia',
    'Raj',
    'Priya',
    'Kwame',
    'Amina',
    'Mohammed',
  ],
  ...['Ali', 'Hassan', 'Zainab', 'Jin', 'Min', 'Lars', 'Astrid', 'Tomasz', 'Agnieszka', 'Mehmet', 'Elif', 'Juan', 'Ana', 'Peter', 'Susan'],
];
const family = [
  ...[
    'Smith',
    'Johnson',
    'Miller',
    'Anderson',
    'Chen',
    'Tanaka',
    'Schmidt',
    'Lindqvist',
    'Rossi',
    'Bianchi',
    'Dubois',
    'Lefebvre',
    'Haddad',
  ],
  ...[
    'Khoury',
    'Petrov',
    'Smirnova',
    'Sokolov',
    'Garcia',
    'Fernandez',
    'Ramirez',
    'Vargas',
    'Sharma',
    'Gupta',
    'Mensah',
    'Okafor',
    'Diallo',
  ],
  ...[
    'Park',
    'Kim',
    'Nielsen',
    'Berg',
    'Kowalski',
    'Nowak',
    'Yilmaz',
    'Demir',
    'Silva',
    'Santos',
    'Walker',
    'Bauer',
    'Keller',
    'Novak',
    'Horvat',
  ],
];
const middle = ['', '', '', 'A.', 'Lee', 'Maria', 'Paul', 'Karim', 'Anne'];
const firms = ['Bakery', 'Consulting', 'Software', 'Garden Supplies', 'Dental Practice', 'Logistics', 'Coffee Roasters', 'Bookshop'];

/** Names of people and firms that are made up, and on no list. */
export function strangers(seed: string, count: number): string[] {
  const draw = draws(`${seed} strangers`);
  const one = (of: readonly string[]): string => of[draw(of.length)] ?? '';
  return Array.from({ length: count }, () =>
    draw(5) === 0 ? `${one(family)} ${one(firms)} Ltd` : [one(given), one(middle), one(family)].filter((part) => part !== '').join(' '),
  );
}
