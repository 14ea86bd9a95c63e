// Drives payments through stripe-go, unmodified; prints a check per line.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/client"
)

var (
	address, key, run = os.Args[1], os.Args[2], os.Args[3]
	api               = open(key)
	customer          string
)

func open(key string) *client.API {
	quiet := &stripe.LeveledLogger{Level: stripe.LevelNull}
	config := &stripe.BackendConfig{URL: stripe.String(address), LeveledLogger: quiet}
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, config)
	return client.New(key, &stripe.Backends{API: backend, Connect: backend, Uploads: backend})
}

func told(title string, step func() error) {
	said := map[string]any{"title": title, "ok": true}
	if err := step(); err != nil {
		said["ok"], said["detail"] = false, err.Error()
	}
	line, _ := json.Marshal(said)
	fmt.Println(string(line))
}

func same(got, wanted any) error {
	if got != wanted {
		return fmt.Errorf("got %v, wanted %v", got, wanted)
	}
	return nil
}

func refused(err error) *stripe.Error {
	var known *stripe.Error
	if errors.As(err, &known) {
		return known
	}
	return &stripe.Error{Msg: "it was not refused"}
}

func paid(amount int64, card string) *stripe.PaymentIntentParams {
	return &stripe.PaymentIntentParams{
		Amount: stripe.Int64(amount), Currency: stripe.String("usd"), Confirm: stripe.Bool(true), PaymentMethod: stripe.String(card),
	}
}

func customers() error {
	var made []string
	for at := range 3 {
		params := &stripe.CustomerParams{Name: stripe.String(fmt.Sprint("Customer ", at))}
		params.AddMetadata("of", run)
		one, err := api.Customers.New(params)
		if err != nil {
			return err
		}
		made = append([]string{one.ID}, made...)
		customer = one.ID
	}
	changed, err := api.Customers.Update(customer, &stripe.CustomerParams{Address: &stripe.AddressParams{City: stripe.String("Oslo")}})
	if err != nil {
		return err
	}
	if err := same(changed.Address.City, "Oslo"); err != nil {
		return err
	}
	params := &stripe.CustomerListParams{}
	params.Limit = stripe.Int64(2)
	var listed []string
	all := api.Customers.List(params)
	for all.Next() {
		if all.Customer().Metadata["of"] == run {
			listed = append(listed, all.Customer().ID)
		}
	}
	return errors.Join(all.Err(), same(fmt.Sprint(listed), fmt.Sprint(made)))
}

func confirms() error {
	params := paid(2000, "pm_card_visa")
	params.Customer = stripe.String(customer)
	params.AddExpand("latest_charge.balance_transaction")
	params.AddExpand("customer")
	made, err := api.PaymentIntents.New(params)
	if err != nil {
		return err
	}
	return errors.Join(
		same(made.Status, stripe.PaymentIntentStatusSucceeded),
		same(made.LatestCharge.PaymentMethodDetails.Card.Last4, "4242"),
		same(made.LatestCharge.BalanceTransaction.Net, int64(2000)),
		same(made.Customer.Address.City, "Oslo"),
	)
}

func captures() error {
	params := paid(1000, "pm_card_mastercard")
	params.CaptureMethod = stripe.String("manual")
	held, err := api.PaymentIntents.New(params)
	if err != nil {
		return err
	}
	taken, err := api.PaymentIntents.Capture(held.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(600)})
	if err != nil {
		return err
	}
	back, err := api.Refunds.New(&stripe.RefundParams{PaymentIntent: &held.ID, Amount: stripe.Int64(250)})
	if err != nil {
		return err
	}
	_, err = api.Refunds.New(&stripe.RefundParams{PaymentIntent: &held.ID, Amount: stripe.Int64(351)})
	off := paid(900, "pm_card_visa")
	off.CaptureMethod = stripe.String("manual")
	second, wrong := api.PaymentIntents.New(off)
	if wrong != nil {
		return wrong
	}
	gone, wrong := api.PaymentIntents.Cancel(second.ID, nil)
	if wrong != nil {
		return wrong
	}
	return errors.Join(
		same(held.Status, stripe.PaymentIntentStatusRequiresCapture),
		same(taken.AmountReceived, int64(600)),
		same(back.Amount, int64(250)),
		same(refused(err).Param, "amount"),
		same(gone.Status, stripe.PaymentIntentStatusCanceled),
	)
}

func declines() error {
	_, err := api.PaymentIntents.New(paid(500, "pm_card_chargeDeclinedInsufficientFunds"))
	said := refused(err)
	if said.PaymentIntent == nil {
		return fmt.Errorf("no payment is told: %v", err)
	}
	again, err := api.PaymentIntents.Confirm(said.PaymentIntent.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa")})
	if err != nil {
		return err
	}
	params := paid(500, "pm_card_threeDSecure2Required")
	params.ReturnURL = stripe.String("https://example.com/back")
	waits, err := api.PaymentIntents.New(params)
	if err != nil {
		return err
	}
	return errors.Join(
		same(said.HTTPStatusCode, 402),
		same(said.Code, stripe.ErrorCodeCardDeclined),
		same(string(said.DeclineCode), "insufficient_funds"),
		same(again.Status, stripe.PaymentIntentStatusSucceeded),
		same(waits.Status, stripe.PaymentIntentStatusRequiresAction),
		same(string(waits.NextAction.Type), "redirect_to_url"),
	)
}

func repeats() error {
	ask := func(amount int64) (*stripe.PaymentIntent, error) {
		params := paid(amount, "pm_card_visa")
		params.SetIdempotencyKey("go " + run)
		return api.PaymentIntents.New(params)
	}
	first, err := ask(700)
	if err != nil {
		return err
	}
	second, err := ask(700)
	if err != nil {
		return err
	}
	_, err = ask(701)
	return errors.Join(same(second.ID, first.ID), same(refused(err).Type, stripe.ErrorTypeIdempotency))
}

func keys() error {
	_, wrong := open("sk_test_wrong").Balance.Get(nil)
	_, lacking := api.PaymentIntents.New(&stripe.PaymentIntentParams{Amount: stripe.Int64(100)})
	_, missing := api.Customers.Get("cus_none", nil)
	return errors.Join(
		same(refused(wrong).HTTPStatusCode, 401),
		same(refused(lacking).Param, "currency"),
		same(refused(missing).Code, stripe.ErrorCodeResourceMissing),
	)
}

func prepares() error {
	made, err := api.SetupIntents.New(&stripe.SetupIntentParams{
		Customer: &customer, Confirm: stripe.Bool(true), PaymentMethod: stripe.String("pm_card_visa"), ReturnURL: stripe.String("https://example.com"),
	})
	if err != nil {
		return err
	}
	params := paid(400, made.PaymentMethod.ID)
	params.Customer, params.OffSession = &customer, stripe.Bool(true)
	later, err := api.PaymentIntents.New(params)
	if err != nil {
		return err
	}
	return errors.Join(same(made.Status, stripe.SetupIntentStatusSucceeded), same(later.Status, stripe.PaymentIntentStatusSucceeded))
}

func subscribes() error {
	price, err := api.Prices.New(&stripe.PriceParams{
		Currency: stripe.String("usd"), UnitAmount: stripe.Int64(900),
		Recurring:   &stripe.PriceRecurringParams{Interval: stripe.String("month")},
		ProductData: &stripe.PriceProductDataParams{Name: stripe.String("Club")},
	})
	if err != nil {
		return err
	}
	kept := api.PaymentMethods.List(&stripe.PaymentMethodListParams{Customer: &customer})
	if !kept.Next() {
		return fmt.Errorf("no card is kept: %v", kept.Err())
	}
	params := &stripe.SubscriptionParams{
		Customer: &customer, DefaultPaymentMethod: &kept.PaymentMethod().ID,
		Items: []*stripe.SubscriptionItemsParams{{Price: &price.ID}},
	}
	params.AddExpand("latest_invoice")
	made, err := api.Subscriptions.New(params)
	if err != nil {
		return err
	}
	changed, err := api.Subscriptions.Update(made.ID, &stripe.SubscriptionParams{
		Items: []*stripe.SubscriptionItemsParams{{ID: &made.Items.Data[0].ID, Quantity: stripe.Int64(3)}},
	})
	if err != nil {
		return err
	}
	gone, err := api.Subscriptions.Cancel(made.ID, nil)
	if err != nil {
		return err
	}
	return errors.Join(
		same(made.Status, stripe.SubscriptionStatusActive),
		same(made.LatestInvoice.AmountPaid, int64(900)),
		same(changed.Items.Data[0].Quantity, int64(3)),
		same(gone.Status, stripe.SubscriptionStatusCanceled),
	)
}

func invoices() error {
	draft, err := api.Invoices.New(&stripe.InvoiceParams{
		Customer: &customer, Currency: stripe.String("usd"), PendingInvoiceItemsBehavior: stripe.String("exclude"),
	})
	if err != nil {
		return err
	}
	item := &stripe.InvoiceItemParams{Customer: &customer, Invoice: &draft.ID, Amount: stripe.Int64(700), Currency: stripe.String("usd")}
	if _, err = api.InvoiceItems.New(item); err != nil {
		return err
	}
	ended, err := api.Invoices.FinalizeInvoice(draft.ID, nil)
	if err != nil {
		return err
	}
	done, err := api.Invoices.Pay(draft.ID, &stripe.InvoicePayParams{PaymentMethod: stripe.String("pm_card_visa")})
	if err != nil {
		return err
	}
	note, err := api.CreditNotes.New(&stripe.CreditNoteParams{
		Invoice: &draft.ID, Amount: stripe.Int64(200), RefundAmount: stripe.Int64(200),
	})
	if err != nil {
		return err
	}
	_, err = api.Invoices.VoidInvoice(draft.ID, nil)
	return errors.Join(
		same(ended.Status, stripe.InvoiceStatusOpen),
		same(ended.AmountDue, int64(700)),
		same(done.Status, stripe.InvoiceStatusPaid),
		same(note.Amount, int64(200)),
		same(refused(err).HTTPStatusCode, 400),
	)
}

func seller() (*stripe.Account, error) {
	return api.Accounts.New(&stripe.AccountParams{
		Type: stripe.String("custom"), Country: stripe.String("US"), BusinessType: stripe.String("individual"),
		Email:           stripe.String("seller@example.com"),
		BusinessProfile: &stripe.AccountBusinessProfileParams{MCC: stripe.String("5734"), URL: stripe.String("https://seller.example")},
		Capabilities: &stripe.AccountCapabilitiesParams{
			Transfers:    &stripe.AccountCapabilitiesTransfersParams{Requested: stripe.Bool(true)},
			CardPayments: &stripe.AccountCapabilitiesCardPaymentsParams{Requested: stripe.Bool(true)},
		},
		ExternalAccount: &stripe.AccountExternalAccountParams{
			Country: stripe.String("US"), Currency: stripe.String("usd"),
			RoutingNumber: stripe.String("110000000"), AccountNumber: stripe.String("000123456789"),
		},
		Individual: &stripe.PersonParams{
			FirstName: stripe.String("Sal"), LastName: stripe.String("Ler"),
			DOB: &stripe.PersonDOBParams{Day: stripe.Int64(1), Month: stripe.Int64(2), Year: stripe.Int64(1990)},
		},
		TOSAcceptance: &stripe.AccountTOSAcceptanceParams{Date: stripe.Int64(1700000000), IP: stripe.String("127.0.0.1")},
	})
}

func connects() error {
	to, err := seller()
	if err != nil {
		return err
	}
	onward := paid(1000, "pm_card_bypassPending")
	onward.ApplicationFeeAmount = stripe.Int64(120)
	onward.TransferData = &stripe.PaymentIntentTransferDataParams{Destination: &to.ID}
	for _, params := range []*stripe.PaymentIntentParams{onward, paid(1000, "pm_card_bypassPending")} {
		if _, err := api.PaymentIntents.New(params); err != nil {
			return err
		}
	}
	asked := &stripe.BalanceParams{}
	asked.SetStripeAccount(to.ID)
	balance, err := api.Balance.Get(asked)
	if err != nil {
		return err
	}
	sent, err := api.Transfers.New(&stripe.TransferParams{Amount: stripe.Int64(300), Currency: stripe.String("usd"), Destination: &to.ID})
	if err != nil {
		return err
	}
	if _, err = api.TransferReversals.New(&stripe.TransferReversalParams{ID: &sent.ID, Amount: stripe.Int64(100)}); err != nil {
		return err
	}
	after, err := api.Transfers.Get(sent.ID, nil)
	if err != nil {
		return err
	}
	has := int64(0)
	for _, each := range balance.Available {
		if each.Currency == "usd" {
			has = each.Amount
		}
	}
	return errors.Join(same(to.PayoutsEnabled, true), same(has, int64(880)), same(after.AmountReversed, int64(100)))
}

func main() {
	told("customers are made, changed, and listed page by page", customers)
	told("a payment is confirmed, and what it names is expanded", confirms)
	told("money is held, taken in part, given back and called off", captures)
	told("a decline tells its codes, and another card pays", declines)
	told("the same key is the same payment, and another body under it is refused", repeats)
	told("a wrong key, a missing parameter and a missing object are refused as Stripe does", keys)
	told("a card that was set up pays while its holder is away", prepares)
	told("a subscription is begun, changed and ended, and its first invoice is paid", subscribes)
	told("an invoice is written, ended and paid, and a credit note gives a part back", invoices)
	told("a payment is passed on to a connected account, less a fee, and a transfer comes back in part", connects)
}
