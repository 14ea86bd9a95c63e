/**
 * Free texts as they stand in tickets, logs, notes and messages, written for this set; what is personal is marked {kind|text}.
 * Numbers are made up or the published examples of their schemes. Half of the lines hold nothing personal, and look as if.
 */
export const labelled: readonly string[] = `
Customer {name|Anna Lindqvist} paid with {card|4111 1111 1111 1111} and wants the receipt at {email|anna.lindqvist@example.com}.
Refund to {iban|DE89 3704 0044 0532 0130 00}, please confirm by phone {phone|+49 30 901820}.
Dear Mr {name|Okonkwo}, your order 4711-2210 was shipped on 2026-03-04.
Call me back at {phone|(415) 555-2671} after 5 pm, thanks.
My SSN is {national-id|536-90-4399}, do you need anything else?
The patient {name|John Fitzgerald} was born {birth-date|1974-05-19} and lives in Cork.
Transfer to {iban|GB29 NWBK 6016 1331 9268 19} was returned by the bank.
{email|m.duarte+billing@correo.example.es} cannot log in since this morning.
Ich heiße {name|Jürgen Habicht}, meine Steuer-ID ist {national-id|86095742719}.
Mein Handy: {phone|0171 2345678}, bitte nicht abends anrufen.
Numéro de sécu {national-id|2 55 08 14 168 025 38}, dossier en attente.
Me llamo {name|Lucía Fernández} y mi DNI es {national-id|12345678Z}.
NIE {national-id|X1234567L} already registered for another account.
O CPF do cliente é {national-id|529.982.247-25}.
codice fiscale {national-id|RSSMRA85T10A562S}, nato il {birth-date|10/12/1985}
PESEL: {national-id|44051401359} nie zgadza się z umową.
personnummer {national-id|811228-9874} saknas i registret
BSN {national-id|111222333} does not match the one on the form.
National insurance number {national-id|AB 12 34 56 C} goes on the payslip.
login failed for {email|root.admin@corp.example} from {ip|203.0.113.77}
User {name|Priya Raghunathan} changed the shipping address.
The card {card|5500005555555559} was declined with code 51.
Amex {card|378282246310005} works, the other one does not.
charge {card|6011-1111-1111-1117} exp 11/29
{name|Maria da Silva} asked for a copy of her data.
Regards, {name|Tobias Reinhardt}
Best regards, {name|Emma Wilson}
Bitte überweisen auf {iban|NL91ABNA0417164300} bis Freitag.
IBAN {iban|FR14 2004 1010 0505 0001 3M02 606} reçu ce matin
Rückruf unter {phone|+43 1 58858-0} erbeten
Spoke to {name|Dr. Hofer} about the invoice.
Spoke to Mrs {name|Agnieszka Nowak}, she will send the form again.
Full name: {name|Sean O'Brien}
name="{name|Giulia Moretti}" plan="gold"
cardholder: {name|Wei Zhang}
Please add {name|Kenji Watanabe} ({email|kenji.w@example.co.jp}) to the project.
Appel de Mme {name|Delacroix} à propos de sa facture
Frau {name|von der Heide} hat gekündigt.
{phone|+1 212 555 0187} is the number of the driver
{phone|+33 6 12 34 56 78} ne répond pas
{phone|06 12 34 56 78} c'est mieux le soir
Tel {phone|020 7946 0958}, ask for the duty desk
fax: {phone|030/4567890}
WhatsApp me at {phone|+5511987654321}
whatsapp {phone|+91 98765 43210} ok
mobile {phone|07700 900123}
Passport {national-id|C01X00T47} expires in May.
passport no. {national-id|X1234567} was scanned twice
dob {birth-date|12 March 1990}, allergic to penicillin
Geburtsdatum: {birth-date|03.07.1962}
born on {birth-date|July 4, 1988} in Boston
aadhaar {national-id|2341 2341 2346} submitted with the form
client_ip={ip|198.51.100.23} status=403
blocked {ip|93.184.216.34} after 20 attempts
Signed by {name|Piotr Kowalczyk} on behalf of the landlord
on behalf of {name|Fatima Al Zahra}
{name|Mohammed Hassan} and {name|Sarah Cohen} share one account.
contact person {name|Ingrid Solberg}, see attachment
Attn: {name|Carlos Mendoza}
send it to {email|o'neil@example.ie} not to the old address
two addresses: {email|a.b@x-y.example.org}, {email|c_d@sub.domain.example.net}
mailto:{email|privacy.request@example.eu}
{card|4012888888881881} again refused, he says {card|5105-1051-0510-5100} is fine
{iban|CH93 0076 2011 6238 5295 7} und {iban|BE68 5390 0754 7034} sind beide hinterlegt
{iban|ES91 2100 0418 4502 0005 1332} a nombre de {name|Javier Ortega}
{iban|IT60X0542811101000000123456}
{iban|PL61109010140000071219812874} wpłata z 3 maja
owner: {name|Olga Petrova}
requested by {name|Thomas Müller-Lüdenscheidt}
Author: {name|Henrik Ibsen Larsen}
the tenant {name|Robert J. Oppenheim} left no forwarding address
His son {name|Liam} is twelve.
We met {name|Tanaka-san} at the fair.
talk to {name|Bob} in accounting
{name|Schmidt} from sales promised a discount
ring {name|Xiomara Quispe} tomorrow
{name|Nguyen Thi Minh Khai} has two contracts.
Der Nachbar {name|Kowalski} hat das Paket.
steuer-id {national-id|47036892816}
national id {national-id|65929970489} on file
Sozialversicherung: 12 190367 K 006 stands on the card
Order 4111111111111112 was split in two parcels.
Build 20260304.1122 deployed to production in 41 s.
trace 4bf92f3577b34da6a3ce929d0e0e4736 took 812 ms
request 0f8fad5b-d9cb-469f-a165-70867728950e failed with 503
version 10.4.22.0 is older than 11.0.0.0
listening on 127.0.0.1:8080 and 0.0.0.0:9000
timestamp 1772611200000 is in milliseconds
sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
Tracking number 1Z999AA10123456784 arrives on Monday.
ISBN 978-3-16-148410-0 is out of print
SKU 12345678 is sold out, 12345670 is not.
The invoice total is 1,234,567.89 EUR.
Meeting on 2026-11-25 at 14:30 in room 3.012
Ticket 20260115-0042 was closed by the system.
The New York office moved to Fifth Avenue.
Dear Customer, your parcel is on its way.
Dear Team, please review the attached plan.
Order Number 100200300400 shipped from Warehouse North
error 0x8007000E at offset 1073741824
Latitude 52.520008, longitude 13.404954
part no 987-65-4320 is obsolete
port 65535, pid 1048576, uid 1000
select * from account where id = 8812736451
user@localhost has no mail
git clone git@github.com:example/repository.git
The Black Forest is in Germany, the White House is not.
commit 248dea4 conform: the package runs as root
meter 00012345678 reads 12,345 kWh
VAT DE136695976 is valid
batch 44051401358 was recalled
Amazon Web Services and Google Cloud had an outage.
10.0.0.0/8 and 172.16.0.0/12 are private
Page 12 of 4000 0000 0000 entries
Kafka topic orders.v2 partition 17 offset 99182736455
Name: production-cluster-7
Owner: platform team
Status: Shipped To Hub
The Queen Mary is a ship; the Saint Lawrence is a river.
Contact Support Center for help.
Mount Everest is 8849 m high
latency p99 12.5 ms, p50 1.25 ms, 1000000 requests
0800 is a free prefix in many countries
session 5500 0055 5555 5558 expired
Model X-1234567-A replaces X-1234567-B
Monday March Friday April are words with capitals
backup of 2026-02-28 restored, 12345678901 bytes
the code is 482913, valid for 5 minutes
Rate limit 1000/min per key, burst 5000
Prometheus scrapes 15 targets every 15 seconds
Windows Server and Visual Studio are products.
The Alexander Technique course is full
Georgia and Virginia are states; Charlotte is a city.
room Victoria, floor 4
Paris Charles de Gaulle Airport is closed
`
  .trim()
  .split('\n');
