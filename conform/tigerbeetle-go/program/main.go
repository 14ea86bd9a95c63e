// Drives the ledger through tigerbeetle-go, unmodified; prints a check per line.
package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"reflect"
	"strconv"

	tb "github.com/tigerbeetle/tigerbeetle-go"
)

var client tb.Client
var next uint64
var all = tb.BytesToUint128([16]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})

type check struct {
	Title  string `json:"title"`
	Ok     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

func told(title string, step func()) {
	said := check{Title: title, Ok: true}
	defer func() {
		if reason := recover(); reason != nil {
			said.Ok, said.Detail = false, fmt.Sprint(reason)
		}
		line, _ := json.Marshal(said)
		fmt.Println(string(line))
	}()
	step()
}

func must[T any](got T, err error) T {
	if err != nil {
		panic(err)
	}
	return got
}

func same(got, wanted any) {
	if !reflect.DeepEqual(got, wanted) {
		panic(fmt.Sprintf("got %v, wanted %v", got, wanted))
	}
}

func fresh() tb.Uint128 {
	next++
	return tb.ToUint128(next)
}

func account(flags tb.AccountFlags) tb.Uint128 {
	id := fresh()
	made := must(client.CreateAccounts([]tb.Account{{ID: id, Ledger: 1, Code: 718, Flags: flags.ToUint16()}}))
	same(made[0].Status, tb.AccountCreated)
	return id
}

func transfer(debit, credit tb.Uint128, amount uint64, flags tb.TransferFlags) tb.Transfer {
	return tb.Transfer{ID: fresh(), DebitAccountID: debit, CreditAccountID: credit, Amount: tb.ToUint128(amount),
		Ledger: 1, Code: 720, Flags: flags.ToUint16()}
}

func create(wanted []tb.CreateTransferStatus, transfers ...tb.Transfer) {
	made := must(client.CreateTransfers(transfers))
	got := make([]tb.CreateTransferStatus, len(made))
	for at, each := range made {
		got[at] = each.Status
	}
	same(got, wanted)
}

func created(count int) []tb.CreateTransferStatus {
	wanted := make([]tb.CreateTransferStatus, count)
	for at := range wanted {
		wanted[at] = tb.TransferCreated
	}
	return wanted
}

func balances(id tb.Uint128, wanted ...int64) {
	row := must(client.LookupAccounts([]tb.Uint128{id}))[0]
	for at, got := range []tb.Uint128{row.DebitsPending, row.DebitsPosted, row.CreditsPending, row.CreditsPosted} {
		if got.BigInt().Cmp(big.NewInt(wanted[at])) != 0 {
			panic(fmt.Sprintf("balance %d is %s, wanted %d", at, got.BigInt(), wanted[at]))
		}
	}
}

func basic() {
	debit, credit := account(tb.AccountFlags{}), account(tb.AccountFlags{})
	create(created(1), transfer(debit, credit, 10, tb.TransferFlags{}))
	balances(debit, 0, 10, 0, 0)
	balances(credit, 0, 0, 0, 10)
}

func post(pending tb.Uint128) tb.Transfer {
	return tb.Transfer{ID: fresh(), PendingID: pending, Amount: all, Flags: tb.TransferFlags{PostPendingTransfer: true}.ToUint16()}
}

func void(pending tb.Uint128) tb.Transfer {
	return tb.Transfer{ID: fresh(), PendingID: pending, Flags: tb.TransferFlags{VoidPendingTransfer: true}.ToUint16()}
}

func twoPhase() {
	debit, credit := account(tb.AccountFlags{}), account(tb.AccountFlags{})
	pending := transfer(debit, credit, 500, tb.TransferFlags{Pending: true})
	create(created(1), pending)
	balances(debit, 500, 0, 0, 0)
	create(created(1), post(pending.ID))
	balances(debit, 0, 500, 0, 0)
	balances(credit, 0, 0, 0, 500)
	create([]tb.CreateTransferStatus{tb.TransferPendingTransferAlreadyPosted}, post(pending.ID))
}

func many() {
	debit, credit := account(tb.AccountFlags{}), account(tb.AccountFlags{})
	var pending []tb.Transfer
	for at := uint64(1); at <= 5; at++ {
		pending = append(pending, transfer(debit, credit, 100*at, tb.TransferFlags{Pending: true}))
	}
	create(created(5), pending...)
	left, posted := int64(1500), int64(0)
	balances(debit, left, 0, 0, 0)
	for at, each := range pending {
		amount := int64(100 * (at + 1))
		left -= amount
		if at%2 == 0 {
			posted += amount
			create(created(1), post(each.ID))
		} else {
			create(created(1), void(each.ID))
		}
		balances(debit, left, posted, 0, 0)
		balances(credit, 0, 0, left, posted)
	}
}

func walkthrough() {
	debit, credit := account(tb.AccountFlags{History: true}), account(tb.AccountFlags{})
	var batch []tb.Transfer
	var ids []tb.Uint128
	for range 2000 {
		batch = append(batch, transfer(debit, credit, 1, tb.TransferFlags{}))
		ids = append(ids, batch[len(batch)-1].ID)
	}
	create(created(2000), batch...)
	create([]tb.CreateTransferStatus{tb.TransferExists}, batch[0])
	linked := tb.TransferFlags{Linked: true}
	broken := []tb.Transfer{transfer(debit, credit, 1, linked), transfer(debit, debit, 1, tb.TransferFlags{})}
	create([]tb.CreateTransferStatus{tb.TransferLinkedEventFailed, tb.TransferAccountsMustBeDifferent}, broken...)
	create(created(2), transfer(debit, credit, 1, linked), transfer(debit, credit, 1, tb.TransferFlags{}))
	same(len(must(client.LookupTransfers(append(ids, broken[0].ID, broken[1].ID)))), 2000)
	newest := tb.AccountFilter{AccountID: debit, Limit: 10, Flags: tb.AccountFilterFlags{Debits: true, Reversed: true}.ToUint32()}
	same(len(must(client.GetAccountTransfers(newest))), 10)
	for at, each := range must(client.GetAccountBalances(newest)) {
		same(each.DebitsPosted, tb.ToUint128(uint64(2002-at)))
	}
	marked := transfer(debit, credit, 7, tb.TransferFlags{})
	marked.UserData64 = next
	create(created(1), marked)
	found := must(client.QueryTransfers(tb.QueryFilter{UserData64: next, Ledger: 1, Code: 720, Limit: 10}))
	same(len(found), 1)
	same(found[0].ID, marked.ID)
}

func main() {
	cluster, _ := new(big.Int).SetString(os.Args[2], 10)
	next = must(strconv.ParseUint(os.Args[3], 10, 64))
	client = must(tb.NewClient(tb.BigIntToUint128(cluster), []string{os.Args[1]}))
	defer client.Close()
	told("a transfer moves an amount from one account to another", basic)
	told("a pending transfer is posted, once", twoPhase)
	told("of many pending transfers some are posted and some voided, and balances are exact after each", many)
	told("batches, chains that fail together, look-ups, an account's history and queries answer as told", walkthrough)
}
