/** The digits are no voucher of their kind: a wrong length, or a check digit that does not belong to the others. */
export class VoucherError extends Error {
  override readonly name = 'VoucherError';
}
