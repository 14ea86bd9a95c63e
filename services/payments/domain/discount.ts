import type { Fields, Thing } from './json.ts';
import { boundaryOf } from './period.ts';

type Own = { readonly id: string; readonly start: number; readonly customer: string };

/** A coupon that was redeemed, and until when it takes something off. */
export const newDiscount = (coupon: Thing, of: Fields, { id, start, customer }: Own): Thing => ({
  ...{ id, object: 'discount', checkout_session: null, customer, customer_account: null },
  end: coupon.duration === 'repeating' ? boundaryOf(start, { interval: 'month', count: 1 }, Number(coupon.duration_in_months)) : null,
  ...{ invoice: of.invoice ?? null, invoice_item: null, promotion_code: of.promotion_code ?? null },
  ...{ source: { coupon: coupon.id, type: 'coupon' }, start, subscription: of.subscription ?? null, subscription_item: null },
});
