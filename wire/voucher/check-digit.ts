/** Modulus 10 with the weights 2 and 1 from the right, of which sums of two digits are added up (Luhn). */
export function mod10(digits: string): string {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const value = Number(digits[digits.length - 1 - index]) * (index % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return String((10 - (sum % 10)) % 10);
}

/** Modulus 11 with the weights 2 to 9 from the right; 1 where no digit comes out. */
export function mod11(digits: string): string {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) sum += Number(digits[digits.length - 1 - index]) * (2 + (index % 8));
  const digit = 11 - (sum % 11);
  return String(digit > 9 ? 1 : digit);
}
