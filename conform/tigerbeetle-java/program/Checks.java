import com.tigerbeetle.AccountBatch;
import com.tigerbeetle.AccountFilter;
import com.tigerbeetle.AccountFlags;
import com.tigerbeetle.Client;
import com.tigerbeetle.CreateTransferResult;
import com.tigerbeetle.IdBatch;
import com.tigerbeetle.QueryFilter;
import com.tigerbeetle.TransferBatch;
import com.tigerbeetle.TransferFlags;
import com.tigerbeetle.UInt128;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Drives the ledger through tigerbeetle-java, unmodified; prints a check per line. */
public final class Checks {
  private static Client client;
  private static long next;

  private interface Step {
    void run() throws Exception;
  }

  private static void told(String title, Step step) {
    try {
      step.run();
      System.out.println("{\"title\":\"" + title + "\",\"ok\":true}");
    } catch (Throwable problem) {
      String detail = String.valueOf(problem).replace("\\", "/").replace("\"", "'").replace("\n", " ");
      System.out.println("{\"title\":\"" + title + "\",\"ok\":false,\"detail\":\"" + detail + "\"}");
    }
  }

  private static void same(Object got, Object wanted) {
    if (!got.equals(wanted)) throw new IllegalStateException("got " + got + ", wanted " + wanted);
  }

  private static long account(int flags) {
    AccountBatch batch = new AccountBatch(1);
    batch.add();
    batch.setId(++next);
    batch.setLedger(1);
    batch.setCode(718);
    batch.setFlags(flags);
    same(client.createAccounts(batch).getLength(), 0);
    return next;
  }

  private static long add(TransferBatch batch, long debit, long credit, long amount, int flags) {
    batch.add();
    batch.setId(++next);
    batch.setDebitAccountId(debit);
    batch.setCreditAccountId(credit);
    batch.setAmount(amount);
    batch.setLedger(1);
    batch.setCode(720);
    batch.setFlags(flags);
    return next;
  }

  private static void resolve(TransferBatch batch, long pending, int flag) {
    batch.add();
    batch.setId(++next);
    batch.setPendingId(pending);
    batch.setFlags(flag);
    if (flag == TransferFlags.POST_PENDING_TRANSFER) batch.setAmount(TransferBatch.AMOUNT_MAX);
  }

  /** Creates what `fill` puts into a batch; answers the results other than ok, in order. */
  private static List<CreateTransferResult> create(int size, Consumer<TransferBatch> fill) {
    TransferBatch batch = new TransferBatch(size);
    fill.accept(batch);
    List<CreateTransferResult> results = new ArrayList<>();
    var made = client.createTransfers(batch);
    while (made.next()) results.add(made.getResult());
    return results;
  }

  private static void balances(long id, long... wanted) {
    AccountBatch row = client.lookupAccounts(new IdBatch(UInt128.asBytes(id)));
    same(row.next(), true);
    BigInteger[] got = {row.getDebitsPending(), row.getDebitsPosted(), row.getCreditsPending(), row.getCreditsPosted()};
    for (int at = 0; at < 4; at += 1) same(got[at], BigInteger.valueOf(wanted[at]));
  }

  private static void basic() {
    long debit = account(0);
    long credit = account(0);
    same(create(1, batch -> add(batch, debit, credit, 10, 0)), List.of());
    balances(debit, 0, 10, 0, 0);
    balances(credit, 0, 0, 0, 10);
  }

  private static void twoPhase() {
    long debit = account(0);
    long credit = account(0);
    same(create(1, batch -> add(batch, debit, credit, 500, TransferFlags.PENDING)), List.of());
    long pending = next;
    balances(debit, 500, 0, 0, 0);
    same(create(1, batch -> resolve(batch, pending, TransferFlags.POST_PENDING_TRANSFER)), List.of());
    balances(debit, 0, 500, 0, 0);
    balances(credit, 0, 0, 0, 500);
    same(
        create(1, batch -> resolve(batch, pending, TransferFlags.POST_PENDING_TRANSFER)),
        List.of(CreateTransferResult.PendingTransferAlreadyPosted));
  }

  private static void many() {
    long debit = account(0);
    long credit = account(0);
    long first = next + 1;
    same(
        create(5, batch -> {
          for (int at = 1; at <= 5; at += 1) add(batch, debit, credit, 100L * at, TransferFlags.PENDING);
        }),
        List.of());
    long left = 1500;
    long posted = 0;
    balances(debit, left, 0, 0, 0);
    for (int at = 0; at < 5; at += 1) {
      long pending = first + at;
      boolean posts = at % 2 == 0;
      int flag = posts ? TransferFlags.POST_PENDING_TRANSFER : TransferFlags.VOID_PENDING_TRANSFER;
      same(create(1, batch -> resolve(batch, pending, flag)), List.of());
      left -= 100L * (at + 1);
      posted += posts ? 100L * (at + 1) : 0;
      balances(debit, left, posted, 0, 0);
      balances(credit, 0, 0, left, posted);
    }
  }

  private static void walkthrough() {
    long debit = account(AccountFlags.HISTORY);
    long credit = account(0);
    IdBatch ids = new IdBatch(2002);
    same(
        create(2000, batch -> {
          for (int at = 0; at < 2000; at += 1) ids.add(add(batch, debit, credit, 1, 0));
        }),
        List.of());
    long last = next;
    same(create(1, batch -> {
      add(batch, debit, credit, 1, 0);
      batch.setId(last);
      next -= 1;
    }), List.of(CreateTransferResult.Exists));
    same(
        create(2, batch -> {
          ids.add(add(batch, debit, credit, 1, TransferFlags.LINKED));
          ids.add(add(batch, debit, debit, 1, 0));
        }),
        List.of(CreateTransferResult.LinkedEventFailed, CreateTransferResult.AccountsMustBeDifferent));
    same(
        create(2, batch -> {
          add(batch, debit, credit, 1, TransferFlags.LINKED);
          add(batch, debit, credit, 1, 0);
        }),
        List.of());
    same(client.lookupTransfers(ids).getLength(), 2000);
    AccountFilter newest = new AccountFilter();
    newest.setAccountId(debit);
    newest.setLimit(10);
    newest.setDebits(true);
    newest.setReversed(true);
    same(client.getAccountTransfers(newest).getLength(), 10);
    var history = client.getAccountBalances(newest);
    for (long at = 0; history.next(); at += 1) same(history.getDebitsPosted(), BigInteger.valueOf(2002 - at));
    same(create(1, batch -> {
      add(batch, debit, credit, 7, 0);
      batch.setUserData64(next);
    }), List.of());
    QueryFilter marked = new QueryFilter();
    marked.setUserData64(next);
    marked.setLedger(1);
    marked.setCode(720);
    marked.setLimit(10);
    TransferBatch found = client.queryTransfers(marked);
    same(found.getLength(), 1);
    found.next();
    same(found.getId(UInt128.LeastSignificant), next);
  }

  public static void main(String[] words) {
    next = Long.parseLong(words[2]);
    client = new Client(UInt128.asBytes(new BigInteger(words[1])), new String[] {words[0]});
    told("a transfer moves an amount from one account to another", Checks::basic);
    told("a pending transfer is posted, once", Checks::twoPhase);
    told("of many pending transfers some are posted and some voided, and balances are exact after each", Checks::many);
    told("batches, chains that fail together, look-ups, an account's history and queries answer as told", Checks::walkthrough);
    client.close();
    System.exit(0);
  }
}
