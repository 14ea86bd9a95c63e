/** Given names that are common in many countries and are no everyday words. */
const givenNames = new Set(
  `Aaron Abdul Adam Adriana Agnieszka Ahmed Aisha Alejandro Alessandro Alex Alexander Alexandra Ali Alice Amanda Amelia
  Amir Amy Ana Anders Andrea Andreas Andrew Angela Anita Anja Anna Anne Annika Anton Antonio Arjun Astrid Barbara
  Beatriz Benjamin Bernard Birgit Bjorn Brian Bruno Camila Carla Carlos Carmen Carol Caroline Catherine Charles
  Charlotte Chen Chloe Christian Christina Christine Christopher Claire Claudia Cynthia Dagmar Daniel Daniela David
  Deborah Diego Dimitri Dmitri Dorothy Edward Elena Elisabeth Elizabeth Ella Emily Emma Enrique Eric Erik Eva Fatima
  Federico Felix Fernando Fiona Francesca Francisco Francois Frank Frederik Gabriel Gabriela Georg George Gerhard
  Giovanni Giulia Giuseppe Gustav Hannah Hans Hassan Heinrich Helen Helena Helga Henrik Henry Hiroshi Ibrahim Ingrid
  Irene Isabel Isabella Ivan Jack Jacob Jacques James Jan Jane Janet Jason Javier Jean Jennifer Jessica Joanna Johan
  Johanna Johannes John Jonas Jonathan Jose José Joseph Joshua Juan Julia Julian Julie Jürgen Karen Karin Karl Katarzyna
  Katharina Katherine Kathleen Kenji Kevin Klaus Krzysztof Lars Laura Lauren Leila Leonardo Lena Linda Lisa Lucas Lucia
  Luis Luisa Lukas Maciej Magdalena Manuel Marco Margaret Maria María Mariam Marie Mario Martin Martina Mary Mateo
  Matteo Matthew Matthias Maximilian Mehmet Mei Melissa Michael Michelle Miguel Mohamed Mohammed Monika Muhammad Nadia
  Nancy Natalia Nathan Nicholas Nicolas Nicole Nikolai Nils Noah Olga Oliver Olivia Omar Oscar Pablo Pamela Patricia
  Patrick Paul Paula Pedro Peter Petra Philip Philippe Pierre Piotr Priya Rachel Rahul Raj Rebecca Ricardo Richard
  Robert Roberto Rosa Ryan Sabine Samantha Samuel Sandra Sanjay Sara Sarah Scott Sean Sebastian Sergei Sharon Silvia
  Simon Sofia Sophia Sophie Stefan Stefanie Stephanie Stephen Steven Susan Susanne Sven Svetlana Takashi Tatiana Theresa
  Thomas Timothy Tobias Tomasz Ursula Valentina Vanessa Victor Victoria Vincent Virginia Vladimir Walter Wei William
  Wolfgang Xavier Yasmin Yuki Yusuf Zeynep Zoe`.split(/\s+/),
);

/** Words that stand where a name might, and are none. */
const noNames = new Set(
  `Account Address Admin Agent Api Application April August Bank Berlin Card Center Central City Client Cloud Company
  Contact Corp Customer Data Database December Department Desk Director Email England Error Europe Exchange February
  Foundation France Friday Gateway Germany Google Group Hello Help Hospital House Inc Invoice Italy January July June
  Limited Ltd March May Manager Monday Name Node November Number October Office Online Order Paris Payment Phone
  Platform Please Policy Port Portal President Process Product Production Project Queue Region Report Request Road Root
  Saturday School Server Service Session Settings Spain Square Station Status Street Sunday Support System Systems Table
  Team Tenant Test Thanks The This Thursday Tower Tuesday University Unknown User Version Warehouse Wednesday Your`.split(/\s+/),
);

const word = "\\p{Lu}(?:[\\p{Ll}\\p{M}]+|['’]\\p{Lu}[\\p{Ll}\\p{M}]+)(?:[-'’]\\p{Lu}?[\\p{Ll}\\p{M}]+)*";
const particle = '(?:van|von|der|den|de|del|della|da|di|dos|la|le|bin|ibn|al|el|ter|zu|af|O’|Mc|Mac)';
const initial = '\\p{Lu}\\.';
const full = `${word}(?: (?:${particle} ){0,2}(?:${initial}|${word})){0,3}`;

const anyOf = (words: readonly string[]) => `(?:${words.join('|')})`;
const title = `${anyOf([
  'Mr',
  'Mrs',
  'Ms',
  'Miss',
  'Mx',
  'Dr',
  'Prof',
  'Professor',
  'Sir',
  'Madam',
  'Herr',
  'Herrn',
  'Frau',
  'Monsieur',
  'Madame',
  'Mme',
  'Mlle',
  'Señora?',
  'Sra?',
  'Signora?',
  'Sig',
  'Dhr',
  'Mevr',
  'Pan',
  'Pani',
])}\\.?`;
const saying = anyOf([
  '[Mm]y name is',
  '[Nn]ame is',
  '[Ii]ch hei(?:ß|ss)e',
  '[Mm]ein Name ist',
  "[Jj]e m['’]appelle",
  '[Mm]e llamo',
  '[Mm]i chiamo',
  '[Ss]igned by',
  '[Ss]poke (?:to|with)',
  '[Cc]all(?:ed)? from',
  '[Oo]n behalf of',
  '[Pp]atient',
  '[Cc]ustomer',
  '[Ee]mployee',
  '[Cc]ardholder',
  '[Cc]ontact person',
  '[Aa]ttn\\.?:?',
  '[Dd]ear',
  '[Bb]eneficiary',
  '[Pp]assenger',
  '[Gg]uest',
]);
const field = anyOf([
  '[Ff]ull ?[Nn]ame',
  '[Ff]irst ?[Nn]ame',
  '[Ll]ast ?[Nn]ame',
  '[Ss]urname',
  '[Cc]ustomer ?[Nn]ame',
  '[Cc]ardholder',
  '[Nn]ame',
  '[Nn]om',
  '[Nn]ombre',
  '[Vv]orname',
  '[Nn]achname',
  '[Oo]wner',
  '[Rr]ecipient',
  '[Ss]hip to',
  '[Bb]ill to',
  '[Aa]uthor',
  '[Rr]equested by',
]);
const ending = '(?:[Rr]egards|[Ss]incerely|[Cc]heers|[Gg]rüße|[Cc]ordialement|[Ss]aludos)';

const after = (lead: string, gap: string) => new RegExp(`(?<![\\p{L}\\p{N}])${lead}${gap}(${full})`, 'gu');
const contexts = [
  after(title, ' '),
  after(saying, ' (?:Mr |Mrs |Ms |Dr )?'),
  after(field, '["\']?\\s{0,2}[:=]\\s{0,2}["\']?'),
  after(ending, ',?\\s{1,4}'),
];
const pair = new RegExp(`(?<![\\p{L}\\p{N}@.-])(${word})(?: ${initial})?( (?:${particle} ){0,2}${word})+(?![\\p{L}\\p{N}])`, 'gu');

/** Where names stand: after a title, a word that introduces one or a field that holds one; and a given name with a family name. */
export function findNames(text: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const context of contexts)
    for (const match of text.matchAll(context)) {
      const name = trimmed(match[1] ?? '');
      const start = match.index + match[0].length - (match[1] ?? '').length;
      if (name !== '') found.push({ start, end: start + name.length });
    }
  for (const match of text.matchAll(pair)) {
    const words = match[0].split(' ');
    const from = words.findIndex((each) => givenNames.has(each.split('-')[0] ?? ''));
    if (from < 0 || from === words.length - 1) continue;
    const name = trimmed(words.slice(from).join(' '));
    const start = match.index + words.slice(0, from).join(' ').length + (from > 0 ? 1 : 0);
    if (name.includes(' ')) found.push({ start, end: start + name.length });
  }
  return found;
}

/** A name up to the first word that is none. */
function trimmed(name: string): string {
  const words = name.split(' ');
  const end = words.findIndex((each) => noNames.has(each));
  return (end < 0 ? words : words.slice(0, end)).join(' ');
}
