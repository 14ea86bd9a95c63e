import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Amount, closed, Currency, Flag, Found, Id, input, List, may, Metadata, nothing, oneOf, page, read } from './field.ts';
import { Search, searchInput, Text, write } from './field.ts';
import { featuresMax, idsMax, imagesMax, percentMax } from './limits.ts';

/** An id of one's own. */
const OwnId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,200}$' });
const Size = Type.Number({ minimum: 0 });
const Percent = Type.Number({ minimum: 0, maximum: percentMax });
const Decimal = Type.String({ pattern: '^[0-9]{1,12}(\\.[0-9]{1,12})?$', description: 'In the smallest unit of the currency.' });
const taxBehavior = oneOf('exclusive', 'inclusive', 'unspecified');
const Recurring = input({
  interval: oneOf('day', 'month', 'week', 'year'),
  interval_count: may(Type.Integer({ minimum: 1, maximum: 1095 })),
  ...{ usage_type: may(oneOf('licensed', 'metered')), meter: may(Id) },
  trial_period_days: may(Type.Integer({ minimum: 1, maximum: 730 })),
});

const product = { on: 'Product' } as const;
const described = {
  active: may(Flag),
  description: may(Text),
  images: may(Type.Array(Text, { maxItems: imagesMax })),
  marketing_features: may(Type.Array(Type.Object({ name: Text }, closed), { maxItems: featuresMax })),
  metadata: Metadata,
  package_dimensions: may(input({ height: Size, length: Size, weight: Size, width: Size })),
  shippable: may(Flag),
  statement_descriptor: may(Type.String({ maxLength: 22 })),
  tax_code: may(Text),
  unit_label: may(Text),
  url: may(Text),
};
const money = { unit_amount: may(Amount), unit_amount_decimal: may(Decimal) };
const priced = { ...money, metadata: Metadata, recurring: may(Recurring), tax_behavior: may(taxBehavior) };

export const productOperations = {
  CreateProduct: {
    ...product,
    ...write,
    at: 'collection',
    text: 'Name something that is sold.',
    input: input({ id: may(OwnId), name: Text, ...described, default_price_data: may(input({ currency: Currency, ...priced })) }),
    output: Found,
  },
  GetProduct: { ...product, ...read, text: 'Read a product.', input: nothing, output: Found },
  ListProducts: {
    ...product,
    ...read,
    at: 'collection',
    text: 'List products, newest first.',
    input: input({ ...page, active: may(Flag), ids: may(Type.Array(Id, { maxItems: idsMax })), shippable: may(Flag), url: may(Text) }),
    output: List,
  },
  SearchProducts: { ...product, ...read, at: 'collection', text: 'Find products by a query.', input: searchInput, output: Search },
  UpdateProduct: {
    ...product,
    ...write,
    text: 'Change a product.',
    input: input({ name: may(Text), ...described, default_price: may(Id) }),
    output: Found,
  },
  DeleteProduct: { ...product, ...write, repeat: 'natural', text: 'Delete a product that has no prices.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;

const price = { on: 'Price' } as const;
const named = { active: may(Flag), lookup_key: may(Text), transfer_lookup_key: may(Flag), metadata: Metadata, nickname: may(Text) };

export const priceOperations = {
  CreatePrice: {
    ...price,
    ...write,
    at: 'collection',
    text: 'Say what a product costs, once or again and again.',
    input: input({
      ...{ ...priced, ...named, currency: Currency, product: may(Id), billing_scheme: may(oneOf('per_unit')) },
      product_data: may(
        input({
          ...{ id: may(OwnId), name: Text, active: may(Flag), metadata: Metadata, tax_code: may(Text), unit_label: may(Text) },
          statement_descriptor: may(Type.String({ maxLength: 22 })),
        }),
      ),
      transform_quantity: may(input({ divide_by: Type.Integer({ minimum: 1 }), round: oneOf('down', 'up') })),
    }),
    output: Found,
  },
  GetPrice: { ...price, ...read, text: 'Read a price.', input: nothing, output: Found },
  ListPrices: {
    ...price,
    ...read,
    at: 'collection',
    text: 'List prices, newest first.',
    input: input({
      ...{ ...page, active: may(Flag), currency: may(Currency), product: may(Id), type: may(oneOf('one_time', 'recurring')) },
      lookup_keys: may(Type.Array(Text, { maxItems: 10 })),
      recurring: may(input({ interval: may(oneOf('day', 'month', 'week', 'year')), usage_type: may(oneOf('licensed', 'metered')) })),
    }),
    output: List,
  },
  SearchPrices: { ...price, ...read, at: 'collection', text: 'Find prices by a query.', input: searchInput, output: Search },
  UpdatePrice: {
    ...price,
    ...write,
    text: 'Change what is said of a price; what it is stays.',
    input: input({ ...named, tax_behavior: may(taxBehavior) }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const coupon = { on: 'Coupon' } as const;
const count = Type.Integer({ minimum: 1 });

export const couponOperations = {
  CreateCoupon: {
    ...coupon,
    ...write,
    at: 'collection',
    text: 'Take something off: a part, or an amount.',
    input: input({
      ...{
        id: may(OwnId),
        name: may(Type.String({ maxLength: 40 })),
        percent_off: may(Percent),
        amount_off: may(Amount),
        currency: may(Currency),
      },
      ...{ duration: may(oneOf('forever', 'once', 'repeating')), duration_in_months: may(count), max_redemptions: may(count) },
      ...{ redeem_by: may(Type.Integer({ minimum: 0 })), metadata: Metadata },
      applies_to: may(input({ products: may(Type.Array(Id, { maxItems: idsMax })) })),
    }),
    output: Found,
  },
  GetCoupon: { ...coupon, ...read, text: 'Read a coupon.', input: nothing, output: Found },
  ListCoupons: { ...coupon, ...read, at: 'collection', text: 'List coupons, newest first.', input: input(page), output: List },
  UpdateCoupon: {
    ...coupon,
    ...write,
    text: 'Change what is said of a coupon; what it takes off stays.',
    input: input({ name: may(Type.String({ maxLength: 40 })), metadata: Metadata }),
    output: Found,
  },
  DeleteCoupon: { ...coupon, ...write, repeat: 'natural', text: 'Delete a coupon; who has it keeps it.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;

const promotion = { on: 'PromotionCode' } as const;
const least = { minimum_amount: may(Amount), minimum_amount_currency: may(Currency) };

export const promotionCodeOperations = {
  CreatePromotionCode: {
    ...promotion,
    ...write,
    at: 'collection',
    text: 'Give a coupon a word that customers type.',
    input: input({
      ...{ code: may(Type.String({ pattern: '^[A-Za-z0-9-]{1,500}$' })), active: may(Flag), customer: may(Id), metadata: Metadata },
      promotion: input({ type: oneOf('coupon'), coupon: Id }),
      ...{ expires_at: may(Type.Integer({ minimum: 0 })), max_redemptions: may(count) },
      restrictions: may(input({ first_time_transaction: may(Flag), ...least })),
    }),
    output: Found,
  },
  GetPromotionCode: { ...promotion, ...read, text: 'Read a promotion code.', input: nothing, output: Found },
  ListPromotionCodes: {
    ...promotion,
    ...read,
    at: 'collection',
    text: 'List promotion codes, newest first.',
    input: input({ ...page, active: may(Flag), code: may(Text), coupon: may(Id), customer: may(Id) }),
    output: List,
  },
  UpdatePromotionCode: {
    ...promotion,
    ...write,
    text: 'Change a promotion code, or end it.',
    input: input({ active: may(Flag), metadata: Metadata }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const rate = { on: 'TaxRate' } as const;
const rated = {
  ...{ active: may(Flag), country: may(Text), description: may(Text), jurisdiction: may(Text), metadata: Metadata, state: may(Text) },
  tax_type: may(oneOf('gst', 'hst', 'jct', 'lease_tax', 'pst', 'qst', 'retail_delivery_fee', 'rst', 'sales_tax', 'service_tax', 'vat')),
};

export const taxRateOperations = {
  CreateTaxRate: {
    ...rate,
    ...write,
    at: 'collection',
    text: 'Name a tax.',
    input: input({ ...rated, display_name: Text, inclusive: Flag, percentage: Percent }),
    output: Found,
  },
  GetTaxRate: { ...rate, ...read, text: 'Read a tax rate.', input: nothing, output: Found },
  ListTaxRates: {
    ...rate,
    ...read,
    at: 'collection',
    text: 'List tax rates, newest first.',
    input: input({ ...page, active: may(Flag), inclusive: may(Flag) }),
    output: List,
  },
  UpdateTaxRate: {
    ...rate,
    ...write,
    text: 'Change what is said of a tax rate, or end it.',
    input: input({ ...rated, display_name: may(Text) }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;
