const digitsOf = (text: string): number[] => [...text].filter((char) => char >= '0' && char <= '9').map(Number);

/** ISO/IEC 7812: the check digit of cards, and of Swedish personal numbers. */
export function luhn(text: string): boolean {
  const digits = digitsOf(text).reverse();
  const sum = digits.reduce((total, digit, at) => total + (at % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2), 0);
  return digits.length > 1 && sum % 10 === 0;
}

/** ISO 13616: letters are numbers from 10 on, the first four characters stand last, and the rest of the division by 97 is 1. */
export function mod97(text: string): boolean {
  const moved = text.slice(4) + text.slice(0, 4);
  let rest = 0;
  for (const char of moved) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** Whether a weighted sum of the digits has no rest; the last weight is the check digit's. */
export function weighted(text: string, weights: readonly number[], modulus: number): boolean {
  const digits = digitsOf(text);
  return digits.length === weights.length && digits.reduce((sum, digit, at) => sum + digit * (weights[at] as number), 0) % modulus === 0;
}

/** ISO/IEC 7064 MOD 11,10, as the German tax identification number has it; one digit comes twice or thrice among the first ten. */
export function germanTax(text: string): boolean {
  const digits = digitsOf(text);
  if (digits.length !== 11 || digits[0] === 0) return false;
  const counts = new Map<number, number>();
  for (const digit of digits.slice(0, 10)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  if (![...counts.values()].some((count) => count === 2 || count === 3)) return false;
  let product = 10;
  for (const digit of digits.slice(0, 10)) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === digits[10];
}

/** Brazil's CPF: two check digits, each a sum weighted downwards; ten like digits are none. */
export function cpf(text: string): boolean {
  const digits = digitsOf(text);
  if (digits.length !== 11 || new Set(digits).size === 1) return false;
  const check = (length: number) => {
    const sum = digits.slice(0, length).reduce((total, digit, at) => total + digit * (length + 1 - at), 0);
    return ((sum * 10) % 11) % 10 === digits[length];
  };
  return check(9) && check(10);
}

/** France's NIR: 97 less the rest of the first thirteen digits is the key. Corsica's letters stand for 19 and 18. */
export function nir(text: string): boolean {
  const bare = text.replaceAll(/\s/g, '').replace('2A', '19').replace('2B', '18');
  if (!/^[1-478]\d{14}$/.test(bare)) return false;
  return 97n - (BigInt(bare.slice(0, 13)) % 97n) === BigInt(bare.slice(13));
}

/** Spain's DNI and NIE: the letter follows from the number. */
export function dni(text: string): boolean {
  const bare = text.replaceAll(/[\s.-]/g, '').toUpperCase();
  const number = Number(bare.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter))));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === bare.at(-1);
}

const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** Italy's codice fiscale: characters at odd places have values of their own; the letter at the end is the sum's. */
export function codiceFiscale(text: string): boolean {
  const values = [...text.toUpperCase().slice(0, 15)].map((char) => (char >= '0' && char <= '9' ? Number(char) : char.charCodeAt(0) - 65));
  const sum = values.reduce((total, value, at) => total + (at % 2 === 0 ? (odd[value] as number) : value), 0);
  return String.fromCharCode(65 + (sum % 26)) === text.toUpperCase().at(-1);
}

const times = (a: number, b: number): number =>
  a < 5 ? (b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5)) : b < 5 ? 5 + ((a - b + 5) % 5) : (a - b + 10) % 5;
const permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/** Verhoeff's check over the dihedral group of ten, as India's Aadhaar has it. */
export function verhoeff(text: string): boolean {
  let check = 0;
  for (const [at, digit] of digitsOf(text).reverse().entries()) {
    let moved = digit;
    for (let times = 0; times < at % 8; times += 1) moved = permutation[moved] as number;
    check = times(check, moved);
  }
  return check === 0;
}
