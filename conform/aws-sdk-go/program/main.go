// Drives the storage service by the AWS SDK for Go, version 2, unmodified and with its defaults; prints a check per line.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

type credential struct {
	S3 struct{ AccessKeyId, SecretAccessKey, Region, Endpoint string }
}

var given struct{ Owner, Reader, Stranger credential }
var bucket = aws.String(fmt.Sprintf("conform-%d", time.Now().UnixNano()))
var owner *s3.Client

func client(c credential, secure bool) *s3.Client {
	endpoint := c.S3.Endpoint
	if secure {
		endpoint = strings.Replace(endpoint, "http:", "https:", 1)
	}
	return s3.New(s3.Options{
		Credentials: credentials.NewStaticCredentialsProvider(c.S3.AccessKeyId, c.S3.SecretAccessKey, ""),
		Region:      c.S3.Region, BaseEndpoint: &endpoint, UsePathStyle: true, RetryMaxAttempts: 1,
	})
}

// A failure inside a step ends the step.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func made[T any](value T, err error) T {
	must(err)
	return value
}

func equal(got, wanted any) {
	left, right := fmt.Sprint(got), fmt.Sprint(wanted)
	if left != right {
		panic(fmt.Errorf("got %.300s, wanted %.300s", left, right))
	}
}

func refused(code string, err error) {
	var answer smithy.APIError
	if !errors.As(err, &answer) || answer.ErrorCode() != code {
		panic(fmt.Errorf("refused with %v, not %s", err, code))
	}
}

func told(title string, step func(context.Context)) {
	within, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	line := map[string]any{"title": title, "ok": true}
	func() {
		defer func() {
			if why := recover(); why != nil {
				line["ok"], line["detail"] = false, fmt.Sprint(why)
			}
		}()
		step(within)
	}()
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func bytesOf(seed int64, size int) []byte {
	made := make([]byte, size)
	rand.New(rand.NewSource(seed)).Read(made)
	return made
}

func put(within context.Context, key string, body []byte) *s3.PutObjectOutput {
	return made(owner.PutObject(within, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(body)}))
}

func get(within context.Context, key string) []byte {
	answer := made(owner.GetObject(within, &s3.GetObjectInput{Bucket: bucket, Key: &key}))
	return made(io.ReadAll(answer.Body))
}

func buckets(within context.Context) {
	made(owner.CreateBucket(within, &s3.CreateBucketInput{Bucket: bucket}))
	// In S3's oldest region, the default one here, an owner may make a bucket again.
	made(owner.CreateBucket(within, &s3.CreateBucketInput{Bucket: bucket}))
	made(owner.HeadBucket(within, &s3.HeadBucketInput{Bucket: bucket}))
	_, err := owner.HeadBucket(within, &s3.HeadBucketInput{Bucket: aws.String(*bucket + "-other")})
	refused("NotFound", err)
	var names []string
	for pages := s3.NewListBucketsPaginator(owner, &s3.ListBucketsInput{Prefix: bucket}); pages.HasMorePages(); {
		for _, one := range made(pages.NextPage(within)).Buckets {
			names = append(names, *one.Name)
		}
	}
	equal(names, []string{*bucket})
}

func objects(within context.Context) {
	for _, size := range []int{0, 1, 1024, 1025, 65_536, 1_048_577} {
		body, key := bytesOf(int64(size), size), fmt.Sprint("size/", size)
		made(owner.PutObject(within, &s3.PutObjectInput{
			Bucket: bucket, Key: &key, Body: bytes.NewReader(body), ContentType: aws.String("text/x-kind"), Metadata: map[string]string{"colour": "red"},
		}))
		answer := made(owner.GetObject(within, &s3.GetObjectInput{Bucket: bucket, Key: &key}))
		equal(bytes.Equal(made(io.ReadAll(answer.Body)), body), true)
		equal([]any{*answer.ContentLength, *answer.ContentType, answer.Metadata["colour"]}, []any{size, "text/x-kind", "red"})
	}
	_, err := owner.GetObject(within, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")})
	refused("NoSuchKey", err)
	ranged := made(owner.GetObject(within, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("size/65536"), Range: aws.String("bytes=65000-")}))
	equal([]any{*ranged.ContentRange, bytes.Equal(made(io.ReadAll(ranged.Body)), bytesOf(65_536, 65_536)[65_000:])}, []any{"bytes 65000-65535/65536", true})
}

func checksums(within context.Context) {
	body := bytesOf(3, 100_000)
	sums := map[types.ChecksumAlgorithm]func(*s3.HeadObjectOutput) *string{
		types.ChecksumAlgorithmCrc32:     func(o *s3.HeadObjectOutput) *string { return o.ChecksumCRC32 },
		types.ChecksumAlgorithmCrc32c:    func(o *s3.HeadObjectOutput) *string { return o.ChecksumCRC32C },
		types.ChecksumAlgorithmCrc64nvme: func(o *s3.HeadObjectOutput) *string { return o.ChecksumCRC64NVME },
		types.ChecksumAlgorithmSha1:      func(o *s3.HeadObjectOutput) *string { return o.ChecksumSHA1 },
		types.ChecksumAlgorithmSha256:    func(o *s3.HeadObjectOutput) *string { return o.ChecksumSHA256 },
	}
	secure := client(given.Owner, true)
	for kind, of := range sums {
		key := "summed-" + string(kind)
		made(owner.PutObject(within, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(body), ChecksumAlgorithm: kind}))
		head := made(owner.HeadObject(within, &s3.HeadObjectInput{Bucket: bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled}))
		equal(of(head) != nil, true)
		equal(bytes.Equal(get(within, key), body), true)
		// Over TLS the body may be a stream: its checksum goes behind it.
		made(secure.PutObject(within, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: io.MultiReader(bytes.NewReader(body)), ContentLength: aws.Int64(int64(len(body))), ChecksumAlgorithm: kind}))
		again := made(secure.HeadObject(within, &s3.HeadObjectInput{Bucket: bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled}))
		equal(*of(again), *of(head))
	}
	_, err := owner.PutObject(within, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("bad"), Body: bytes.NewReader(body), ChecksumCRC32: aws.String("AAAAAA==")})
	refused("BadDigest", err)
}

func parts(within context.Context) {
	body := bytesOf(7, 32<<20+7)
	up := manager.NewUploader(owner, func(u *manager.Uploader) { u.PartSize = 5 << 20 })
	answer := made(up.Upload(within, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("big"), Body: io.MultiReader(bytes.NewReader(body))}))
	equal(len(answer.CompletedParts), 7)
	into := manager.NewWriteAtBuffer(nil)
	down := manager.NewDownloader(owner, func(d *manager.Downloader) { d.PartSize = 3 << 20 })
	made(down.Download(within, into, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("big")}))
	equal(bytes.Equal(into.Bytes(), body), true)
	attributes := made(owner.GetObjectAttributes(within, &s3.GetObjectAttributesInput{
		Bucket: bucket, Key: aws.String("big"), ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesObjectParts, types.ObjectAttributesObjectSize},
	}))
	equal([]any{*attributes.ObjectSize, *attributes.ObjectParts.TotalPartsCount}, []any{len(body), 7})
	begun := made(owner.CreateMultipartUpload(within, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("never")}))
	equal(len(made(owner.ListMultipartUploads(within, &s3.ListMultipartUploadsInput{Bucket: bucket})).Uploads), 1)
	made(owner.AbortMultipartUpload(within, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: aws.String("never"), UploadId: begun.UploadId}))
	equal(len(made(owner.ListMultipartUploads(within, &s3.ListMultipartUploadsInput{Bucket: bucket})).Uploads), 0)
}

func conditions(within context.Context) {
	first := put(within, "if", []byte("first"))
	_, err := owner.PutObject(within, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("if"), Body: strings.NewReader("x"), IfNoneMatch: aws.String("*")})
	refused("PreconditionFailed", err)
	made(owner.PutObject(within, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("if"), Body: strings.NewReader("second"), IfMatch: first.ETag}))
	_, err = owner.GetObject(within, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("if"), IfMatch: first.ETag})
	refused("PreconditionFailed", err)
	_, err = owner.CopyObject(within, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String(*bucket + "/if"), CopySourceIfMatch: first.ETag})
	refused("PreconditionFailed", err)
	made(owner.CopyObject(within, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String(*bucket + "/if")}))
	equal(string(get(within, "copy")), "second")
}

func lists(within context.Context) {
	odd := []string{"with space", "plus+and&", "percent%20", "ünïcödé/日本語", "emoji-😀", "quote'\"`", "<xml>", "a=b;c", "a//b", "back\\slash", "{}[]|~^", "tab\tkey"}
	for _, key := range odd {
		put(within, "odd/"+key, []byte(key))
		equal(string(get(within, "odd/"+key)), key)
	}
	for _, size := range []int32{1000, 3} {
		found := 0
		for pages := s3.NewListObjectsV2Paginator(owner, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("odd/"), MaxKeys: &size}); pages.HasMorePages(); {
			found += len(made(pages.NextPage(within)).Contents)
		}
		equal(found, len(odd))
	}
	folded := made(owner.ListObjectsV2(within, &s3.ListObjectsV2Input{Bucket: bucket, Delimiter: aws.String("/")}))
	equal([]any{len(folded.CommonPrefixes), *folded.CommonPrefixes[0].Prefix}, []any{2, "odd/"})
}

func configuration(within context.Context) {
	made(owner.PutObjectTagging(within, &s3.PutObjectTaggingInput{Bucket: bucket, Key: aws.String("if"), Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("ü"), Value: aws.String("a +b")}}}}))
	equal(*made(owner.GetObjectTagging(within, &s3.GetObjectTaggingInput{Bucket: bucket, Key: aws.String("if")})).TagSet[0].Value, "a +b")
	made(owner.PutBucketCors(within, &s3.PutBucketCorsInput{Bucket: bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{{AllowedMethods: []string{"GET"}, AllowedOrigins: []string{"https://a.example"}}}}}))
	equal(made(owner.GetBucketCors(within, &s3.GetBucketCorsInput{Bucket: bucket})).CORSRules[0].AllowedOrigins, []string{"https://a.example"})
	made(owner.PutBucketLifecycleConfiguration(within, &s3.PutBucketLifecycleConfigurationInput{Bucket: bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
		ID: aws.String("old"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("old/")}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(30)},
	}}}}))
	equal(*made(owner.GetBucketLifecycleConfiguration(within, &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})).Rules[0].Expiration.Days, 30)
	made(owner.PutBucketEncryption(within, &s3.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
		ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256},
	}}}}))
	equal(put(within, "sealed", []byte("x")).ServerSideEncryption, types.ServerSideEncryptionAes256)
}

func versions(within context.Context) {
	made(owner.PutBucketVersioning(within, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}))
	first := put(within, "versioned", []byte("first"))
	put(within, "versioned", []byte("second"))
	gone := made(owner.DeleteObject(within, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("versioned")}))
	equal(*gone.DeleteMarker, true)
	answer := made(owner.GetObject(within, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("versioned"), VersionId: first.VersionId}))
	equal(string(made(io.ReadAll(answer.Body))), "first")
	all := made(owner.ListObjectVersions(within, &s3.ListObjectVersionsInput{Bucket: bucket, Prefix: aws.String("versioned")}))
	equal([]int{len(all.Versions), len(all.DeleteMarkers)}, []int{2, 1})
}

func presigned(within context.Context) {
	signer := s3.NewPresignClient(owner)
	reading := made(signer.PresignGetObject(within, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("if"), ResponseContentType: aws.String("text/x-other")}, s3.WithPresignExpires(time.Minute)))
	answer := made(http.Get(reading.URL))
	equal([]any{answer.StatusCode, answer.Header.Get("Content-Type"), string(made(io.ReadAll(answer.Body)))}, []any{200, "text/x-other", "second"})
	writing := made(signer.PresignPutObject(within, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("by address")}))
	request := made(http.NewRequest(writing.Method, writing.URL, strings.NewReader("put")))
	equal(made(http.DefaultClient.Do(request)).StatusCode, 200)
	equal(string(get(within, "by address")), "put")
	equal(made(http.Get(strings.Replace(reading.URL, "Expires=60", "Expires=61", 1))).StatusCode, 403)
}

func refusals(within context.Context) {
	wrong := given.Owner
	wrong.S3.SecretAccessKey = strings.Repeat("x", 40)
	input := func() *s3.PutObjectInput {
		return &s3.PutObjectInput{Bucket: bucket, Key: aws.String("if"), Body: strings.NewReader("x")}
	}
	made(client(given.Reader, false).GetObject(within, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("if")}))
	for who, code := range map[*s3.Client]string{client(given.Reader, false): "AccessDenied", client(given.Stranger, false): "AccessDenied", client(wrong, false): "SignatureDoesNotMatch"} {
		_, err := who.PutObject(within, input())
		refused(code, err)
	}
	equal(string(get(within, "if")), "second")
}

func clears(within context.Context) {
	_, err := owner.DeleteBucket(within, &s3.DeleteBucketInput{Bucket: bucket})
	refused("BucketNotEmpty", err)
	for pages := s3.NewListObjectVersionsPaginator(owner, &s3.ListObjectVersionsInput{Bucket: bucket}); pages.HasMorePages(); {
		page := made(pages.NextPage(within))
		var gone []types.ObjectIdentifier
		for _, one := range page.Versions {
			gone = append(gone, types.ObjectIdentifier{Key: one.Key, VersionId: one.VersionId})
		}
		for _, one := range page.DeleteMarkers {
			gone = append(gone, types.ObjectIdentifier{Key: one.Key, VersionId: one.VersionId})
		}
		equal(len(made(owner.DeleteObjects(within, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: gone}})).Errors), 0)
	}
	made(owner.DeleteBucket(within, &s3.DeleteBucketInput{Bucket: bucket}))
	must(s3.NewBucketNotExistsWaiter(owner).Wait(within, &s3.HeadBucketInput{Bucket: bucket}, 10*time.Second))
}

func main() {
	must(json.NewDecoder(os.Stdin).Decode(&given))
	owner = client(given.Owner, false)
	told("buckets are made, headed and listed", buckets)
	told("objects of every size return as they were stored, with type, metadata and ranges", objects)
	told("checksums of all five kinds are verified, kept and told, before the body and behind it", checksums)
	told("32 MiB go up in parts and come down in ranges", parts)
	told("writes, reads and copies keep their conditions", conditions)
	told("keys of every odd kind are listed in pages of every size", lists)
	told("tags, CORS, lifecycle and encryption are set and read", configuration)
	told("versions are kept, listed and read", versions)
	told("presigned addresses read and write for anybody, until they are altered", presigned)
	told("a reader reads and does not write; a stranger and a wrong secret are refused", refusals)
	told("a bucket is cleared by pages of versions, and removed", clears)
}
