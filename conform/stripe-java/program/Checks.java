import com.google.gson.JsonObject;
import com.stripe.StripeClient;
import com.stripe.exception.AuthenticationException;
import com.stripe.exception.CardException;
import com.stripe.exception.IdempotencyException;
import com.stripe.exception.InvalidRequestException;
import com.stripe.exception.StripeException;
import com.stripe.model.Charge;
import com.stripe.model.Customer;
import com.stripe.model.PaymentIntent;
import com.stripe.net.RequestOptions;
import com.stripe.service.V1Services;
import com.stripe.param.AccountCreateParams;
import com.stripe.param.CreditNoteCreateParams;
import com.stripe.param.CustomerCreateParams;
import com.stripe.param.CustomerListParams;
import com.stripe.param.CustomerUpdateParams;
import com.stripe.param.InvoiceCreateParams;
import com.stripe.param.InvoiceItemCreateParams;
import com.stripe.param.InvoicePayParams;
import com.stripe.param.PaymentIntentCaptureParams;
import com.stripe.param.PaymentIntentConfirmParams;
import com.stripe.param.PaymentIntentCreateParams;
import com.stripe.param.PriceCreateParams;
import com.stripe.param.RefundCreateParams;
import com.stripe.param.SetupIntentCreateParams;
import com.stripe.param.SubscriptionCreateParams;
import com.stripe.param.SubscriptionUpdateParams;
import com.stripe.param.TransferCreateParams;
import com.stripe.param.TransferReversalCreateParams;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Drives payments through stripe-java, unmodified; prints a check per line. */
public class Checks {
  interface Step {
    void run() throws Exception;
  }

  static StripeClient open(String address, String key) {
    return StripeClient.builder().setApiKey(key).setApiBase(address).build();
  }

  static void told(String title, Step step) {
    var said = new JsonObject();
    said.addProperty("title", title);
    try {
      step.run();
      said.addProperty("ok", true);
    } catch (Exception | AssertionError error) {
      said.addProperty("ok", false);
      said.addProperty("detail", String.valueOf(error));
    }
    System.out.println(said);
  }

  static void same(Object got, Object wanted) {
    if (!Objects.equals(got, wanted)) throw new AssertionError("got " + got + ", wanted " + wanted);
  }

  static <E extends StripeException> E refused(Class<E> kind, Step step) throws Exception {
    try {
      step.run();
    } catch (StripeException error) {
      if (kind.isInstance(error)) return kind.cast(error);
      throw error;
    }
    throw new AssertionError("it was not refused");
  }

  static PaymentIntentCreateParams.Builder paid(long amount, String card) {
    return PaymentIntentCreateParams.builder().setAmount(amount).setCurrency("usd").setConfirm(true).setPaymentMethod(card);
  }

  static final String[] customer = new String[1];

  public static void main(String[] argv) {
    String address = argv[0];
    String run = argv[2];
    var v1 = open(address, argv[1]).v1();
    var intents = v1.paymentIntents();

    told("customers are made, changed, and listed page by page", () -> {
      List<String> made = new ArrayList<>();
      for (int at = 0; at < 3; at++) {
        var one = v1.customers().create(CustomerCreateParams.builder().setName("Customer " + at).putMetadata("of", run).build());
        made.add(0, one.getId());
      }
      customer[0] = made.get(0);
      var city = CustomerUpdateParams.Address.builder().setCity("Oslo").build();
      same(v1.customers().update(customer[0], CustomerUpdateParams.builder().setAddress(city).build()).getAddress().getCity(), "Oslo");
      List<String> listed = new ArrayList<>();
      for (Customer each : v1.customers().list(CustomerListParams.builder().setLimit(2L).build()).autoPagingIterable())
        if (run.equals(each.getMetadata().get("of"))) listed.add(each.getId());
      same(listed, made);
    });
    told("a payment is confirmed, and what it names is expanded", () -> {
      PaymentIntent made = intents.create(
          paid(2000, "pm_card_visa").setCustomer(customer[0]).addExpand("latest_charge.balance_transaction").addExpand("customer").build());
      same(made.getStatus(), "succeeded");
      Charge charge = made.getLatestChargeObject();
      same(charge.getPaymentMethodDetails().getCard().getLast4(), "4242");
      same(charge.getBalanceTransactionObject().getNet(), 2000L);
      same(made.getCustomerObject().getAddress().getCity(), "Oslo");
    });
    told("money is held, taken in part, given back and called off", () -> {
      var manual = PaymentIntentCreateParams.CaptureMethod.MANUAL;
      PaymentIntent held = intents.create(paid(1000, "pm_card_mastercard").setCaptureMethod(manual).build());
      same(held.getStatus(), "requires_capture");
      var taken = intents.capture(held.getId(), PaymentIntentCaptureParams.builder().setAmountToCapture(600L).build());
      same(taken.getAmountReceived(), 600L);
      var back = RefundCreateParams.builder().setPaymentIntent(held.getId());
      same(v1.refunds().create(back.setAmount(250L).build()).getAmount(), 250L);
      var error = refused(InvalidRequestException.class, () -> v1.refunds().create(back.setAmount(351L).build()));
      same(error.getParam(), "amount");
      PaymentIntent off = intents.create(paid(900, "pm_card_visa").setCaptureMethod(manual).build());
      same(intents.cancel(off.getId()).getStatus(), "canceled");
    });
    told("a decline tells its codes, and another card pays", () -> {
      var error = refused(
          CardException.class, () -> intents.create(paid(500, "pm_card_chargeDeclinedInsufficientFunds").build()));
      same(error.getStatusCode(), 402);
      same(error.getCode(), "card_declined");
      same(error.getDeclineCode(), "insufficient_funds");
      String id = error.getStripeError().getPaymentIntent().getId();
      var other = PaymentIntentConfirmParams.builder().setPaymentMethod("pm_card_visa").build();
      same(intents.confirm(id, other).getStatus(), "succeeded");
      var waits = intents.create(paid(500, "pm_card_threeDSecure2Required").setReturnUrl("https://example.com/back").build());
      same(waits.getStatus(), "requires_action");
      same(waits.getNextAction().getType(), "redirect_to_url");
    });
    told("the same key is the same payment, and another body under it is refused", () -> {
      var options = RequestOptions.builder().setIdempotencyKey("java " + run).build();
      var first = intents.create(paid(700, "pm_card_visa").build(), options);
      same(intents.create(paid(700, "pm_card_visa").build(), options).getId(), first.getId());
      refused(IdempotencyException.class, () -> intents.create(paid(701, "pm_card_visa").build(), options));
    });
    told("a wrong key, a missing parameter and a missing object are refused as Stripe does", () -> {
      var wrong = refused(AuthenticationException.class, () -> open(address, "sk_test_wrong").v1().balance().retrieve());
      same(wrong.getStatusCode(), 401);
      var lacking = PaymentIntentCreateParams.builder().setAmount(100L).build();
      same(refused(InvalidRequestException.class, () -> intents.create(lacking)).getParam(), "currency");
      same(refused(InvalidRequestException.class, () -> v1.customers().retrieve("cus_none")).getCode(), "resource_missing");
    });
    told("a card that was set up pays while its holder is away", () -> {
      var made = v1.setupIntents().create(SetupIntentCreateParams.builder()
          .setCustomer(customer[0]).setConfirm(true).setPaymentMethod("pm_card_visa").setReturnUrl("https://example.com").build());
      same(made.getStatus(), "succeeded");
      var later = paid(400, made.getPaymentMethod()).setCustomer(customer[0]).setOffSession(true);
      same(intents.create(later.build()).getStatus(), "succeeded");
    });
    told("a subscription is begun, changed and ended, and its first invoice is paid", () -> subscribes(v1));
    told("an invoice is written, ended and paid, and a credit note gives a part back", () -> invoices(v1));
    told("a payment is passed on to a connected account, less a fee, and a transfer comes back in part", () -> connects(v1));
  }

  static void subscribes(V1Services v1) throws Exception {
    var monthly = PriceCreateParams.Recurring.builder().setInterval(PriceCreateParams.Recurring.Interval.MONTH).build();
    var club = PriceCreateParams.ProductData.builder().setName("Club").build();
    var price = v1.prices().create(
        PriceCreateParams.builder().setCurrency("usd").setUnitAmount(900L).setRecurring(monthly).setProductData(club).build());
    var card = v1.customers().paymentMethods().list(customer[0]).getData().get(0).getId();
    var wanted = SubscriptionCreateParams.builder().setCustomer(customer[0]).setDefaultPaymentMethod(card).addExpand("latest_invoice");
    var made = v1.subscriptions().create(
        wanted.addItem(SubscriptionCreateParams.Item.builder().setPrice(price.getId()).build()).build());
    same(made.getStatus(), "active");
    same(made.getLatestInvoiceObject().getAmountPaid(), 900L);
    var item = SubscriptionUpdateParams.Item.builder().setId(made.getItems().getData().get(0).getId()).setQuantity(3L).build();
    var changed = v1.subscriptions().update(made.getId(), SubscriptionUpdateParams.builder().addItem(item).build());
    same(changed.getItems().getData().get(0).getQuantity(), 3L);
    same(v1.subscriptions().cancel(made.getId()).getStatus(), "canceled");
  }

  static void invoices(V1Services v1) throws Exception {
    var exclude = InvoiceCreateParams.PendingInvoiceItemsBehavior.EXCLUDE;
    var draft = v1.invoices().create(InvoiceCreateParams.builder()
        .setCustomer(customer[0]).setCurrency("usd").setPendingInvoiceItemsBehavior(exclude).build());
    v1.invoiceItems().create(InvoiceItemCreateParams.builder()
        .setCustomer(customer[0]).setInvoice(draft.getId()).setAmount(700L).setCurrency("usd").build());
    var ended = v1.invoices().finalizeInvoice(draft.getId());
    same(ended.getStatus(), "open");
    same(ended.getAmountDue(), 700L);
    var done = v1.invoices().pay(draft.getId(), InvoicePayParams.builder().setPaymentMethod("pm_card_visa").build());
    same(done.getStatus(), "paid");
    var note = CreditNoteCreateParams.builder().setInvoice(draft.getId()).setAmount(200L).setRefundAmount(200L).build();
    same(v1.creditNotes().create(note).getAmount(), 200L);
    refused(InvalidRequestException.class, () -> v1.invoices().voidInvoice(draft.getId()));
  }

  static void connects(V1Services v1) throws Exception {
    var wanted = AccountCreateParams.builder()
        .setType(AccountCreateParams.Type.CUSTOM).setCountry("US").setBusinessType(AccountCreateParams.BusinessType.INDIVIDUAL)
        .setEmail("seller@example.com")
        .setBusinessProfile(AccountCreateParams.BusinessProfile.builder().setMcc("5734").setUrl("https://seller.example").build())
        .setCapabilities(AccountCreateParams.Capabilities.builder()
            .setTransfers(AccountCreateParams.Capabilities.Transfers.builder().setRequested(true).build())
            .setCardPayments(AccountCreateParams.Capabilities.CardPayments.builder().setRequested(true).build()).build())
        .putExtraParam("external_account", Map.of("object", "bank_account", "country", "US", "currency", "usd",
            "routing_number", "110000000", "account_number", "000123456789"))
        .setIndividual(AccountCreateParams.Individual.builder().setFirstName("Sal").setLastName("Ler")
            .setDob(AccountCreateParams.Individual.Dob.builder().setDay(1L).setMonth(2L).setYear(1990L).build()).build())
        .setTosAcceptance(AccountCreateParams.TosAcceptance.builder().setDate(1700000000L).setIp("127.0.0.1").build());
    var seller = v1.accounts().create(wanted.build());
    same(seller.getPayoutsEnabled(), true);
    var onward = PaymentIntentCreateParams.TransferData.builder().setDestination(seller.getId()).build();
    v1.paymentIntents().create(paid(1000, "pm_card_bypassPending").setApplicationFeeAmount(120L).setTransferData(onward).build());
    var balance = v1.balance().retrieve(RequestOptions.builder().setStripeAccount(seller.getId()).build());
    for (var each : balance.getAvailable()) if (each.getCurrency().equals("usd")) same(each.getAmount(), 880L);
    v1.paymentIntents().create(paid(1000, "pm_card_bypassPending").build());
    var sent = v1.transfers().create(
        TransferCreateParams.builder().setAmount(300L).setCurrency("usd").setDestination(seller.getId()).build());
    v1.transfers().reversals().create(sent.getId(), TransferReversalCreateParams.builder().setAmount(100L).build());
    same(v1.transfers().retrieve(sent.getId()).getAmountReversed(), 100L);
  }
}
