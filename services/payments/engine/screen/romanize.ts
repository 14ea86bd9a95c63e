/** Letters of other scripts as they are written in passports: Cyrillic, Greek, Arabic (which leaves short vowels out), Hebrew. */
const letters = new Map<string, string>();

function teach(from: string, to: string): void {
  const latin = to.split(' ');
  [...from].forEach((letter, index) => letters.set(letter, latin[index] === '-' ? '' : (latin[index] ?? '')));
}

teach('абвгдеёжзийклмнопрстуфхцчшщъыьэюя', 'a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya');
teach('іїєґўђјљњћџ', 'i i ie g u dj j lj nj c dz');
teach('αβγδεζηθικλμνξοπρσςτυφχψω', 'a v g d e z i th i k l m n x o p r s s t y f ch ps o');
teach('ابتثجحخدذرزسشصضطظعغفقكلمنهوي', 'a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y');
teach('أإآىةؤئءپچژگکی', 'a i a a a w y - p ch zh g k i');
teach('אבגדהוזחטיכךלמםנןסעפףצץקרשת', 'a b g d h v z h t y k k l m m n n s a p p ts ts k r sh t');
teach('ßøæœđðłþı', 'ss o ae oe d d l th i');

/** A text in small Latin letters without marks, apostrophes or dots within words; what stands between words is one space. */
export function romanized(text: string): string {
  const plain = text
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f\u064b-\u065f'’ʻʼ‘`.]/g, '');
  let made = '';
  for (const letter of plain.normalize('NFC')) made += letters.get(letter) ?? letter;
  return made.replace(/[^a-z0-9]+/g, ' ').trim();
}

const folds: readonly (readonly [RegExp, string])[] = [
  [/sch|sh|ch|tch|cz|zh|sz/g, 's'],
  [/ts|tz/g, 'z'],
  [/dj|dzh|g(?=[ei])/g, 'j'],
  [/kh|q|ck|c|x/g, 'k'],
  [/gh/g, 'g'],
  [/ph/g, 'f'],
  [/th/g, 't'],
  [/dh/g, 'd'],
  [/ou|oo|w/g, 'u'],
  [/v/g, 'u'],
  [/ee|ie|ei|ij|y/g, 'i'],
  [/e/g, 'i'],
  [/o/g, 'u'],
  [/(.)\1+/g, '$1'],
  [/(?<=.)h/g, ''],
  [/(?<=..)(ia|a|i|u)$/g, ''],
];

/** What remains of a word when everything is taken away that ways to write a foreign name differ in. */
export function folded(word: string): string {
  let text = word;
  for (const [from, to] of folds) text = text.replace(from, to);
  return text === '' ? word : text;
}
