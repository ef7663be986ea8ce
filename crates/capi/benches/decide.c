/* What a decision costs from C. Three statements, one policy variable, IpAddress, StringLike, and Bool: the policy that the
 * other languages are measured with. Run by `./run --bench`. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "portcullis.h"

static const char *const POLICY =
    "{\"Version\": \"2012-10-17\", \"Statement\": ["
    "{\"Sid\": \"Own\", \"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::reports/${aws:username}/*\","
    " \"Condition\": {\"IpAddress\": {\"aws:SourceIp\": \"203.0.113.0/24\"}}},"
    "{\"Sid\": \"List\", \"Effect\": \"Allow\", \"Action\": \"s3:ListBucket\", \"Resource\": \"arn:aws:s3:::reports\","
    " \"Condition\": {\"StringLike\": {\"s3:prefix\": \"public/*\"}}},"
    "{\"Sid\": \"Tls\", \"Effect\": \"Deny\", \"Action\": \"s3:*\", \"Resource\": \"*\","
    " \"Condition\": {\"Bool\": {\"aws:SecureTransport\": \"false\"}}}]}";

/* What is the least that a policy can say. */
static const char *const PLAIN =
    "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:GetObject\","
    " \"Resource\": \"arn:aws:s3:::reports/*\"}}";

enum { ROUNDS = 40, CALLS = 20000, RESOURCES = 1000 };

static pc_text text(const char *own) {
    return (pc_text){.data = own, .length = strlen(own)};
}

/* Nanoseconds of the processor: others may use it meanwhile. */
static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void must(const void *handle, pc_error *error) {
    if (handle == NULL || error != NULL) {
        pc_text told = pc_error_text(error);
        fprintf(stderr, "%.*s\n", (int)told.length, told.data);
        exit(1);
    }
}

static double least(double one, double other) {
    return one < other ? one : other;
}

/* Decides the same request again and again. */
static void decisions(const char *what, const pc_authorizer *authorizer, const pc_request *request) {
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        int allowed = 0;
        double start = now();
        for (int call = 0; call < CALLS; call++) {
            pc_error *error;
            allowed += pc_decide(authorizer, request, &error).code == PC_ALLOW;
        }
        best = least(best, (now() - start) / CALLS);
        if (allowed != CALLS) {
            exit(1);
        }
    }
    printf("%-48s %6.1f ns\n", what, best);
}

/* An authorizer with one policy. */
static pc_authorizer *of_policy(const char *policy) {
    pc_error *error = NULL;
    pc_document document = {.layer = PC_LAYER_IDENTITY, .name = text("policy"), .content = text(policy)};
    pc_image *image = pc_compile(&document, 1, &error);
    must(image, error);
    const pc_image *images[] = {image};
    pc_authorizer *authorizer = pc_authorizer_new(images, 1, &error);
    must(authorizer, error);
    pc_image_free(image);
    return authorizer;
}

/* A decision of which the policy is the least part. */
static void plain(pc_text resource) {
    pc_error *error = NULL;
    pc_authorizer *authorizer = of_policy(PLAIN);
    pc_site *site = pc_site_new(authorizer, text("s3:GetObject"), (pc_texts){NULL, 0}, &error);
    must(site, error);
    pc_caller caller = {.kind = PC_CALLER_ARN, .name = text("arn:aws:iam::111122223333:user/ann")};
    pc_principal *principal = pc_principal_new(authorizer, &caller, &error);
    must(principal, error);
    pc_request prepared = {.resolved_principal = principal, .site = site, .resource = resource};
    decisions("one statement without conditions, prepared", authorizer, &prepared);
    pc_principal_free(principal);
    pc_site_free(site);
    pc_authorizer_free(authorizer);
}

int main(void) {
    pc_error *error = NULL;
    pc_authorizer *authorizer = of_policy(POLICY);
    pc_text keys[] = {text("aws:SourceIp"), text("aws:SecureTransport")};
    pc_site *site = pc_site_new(authorizer, text("s3:GetObject"), (pc_texts){keys, 2}, &error);
    must(site, error);
    pc_caller caller = {.kind = PC_CALLER_ARN, .name = text("arn:aws:iam::111122223333:user/ann")};
    pc_principal *principal = pc_principal_new(authorizer, &caller, &error);
    must(principal, error);
    pc_text resource = text("arn:aws:s3:::reports/ann/q1.csv");

    pc_value typed[] = {{.kind = PC_VALUE_IPV4, .of.address = {203, 0, 113, 9}}, {.kind = PC_VALUE_BOOL, .of.number = 1}};
    pc_request prepared = {.resolved_principal = principal, .site = site, .values = typed, .value_count = 2, .resource = resource};
    decisions("prepared, typed values", authorizer, &prepared);

    pc_value texts[] = {{.kind = PC_VALUE_TEXT, .of.text = text("203.0.113.9")}, {.kind = PC_VALUE_TEXT, .of.text = text("true")}};
    pc_request written = prepared;
    written.values = texts;
    decisions("prepared, values as texts", authorizer, &written);

    pc_entry context[] = {{.key = keys[0], .value = texts[0]}, {.key = keys[1], .value = texts[1]}};
    pc_request strings = {.principal = caller.name, .action = text("s3:GetObject"), .resource = resource, .context = context, .context_count = 2};
    decisions("from strings", authorizer, &strings);

    static pc_text resources[RESOURCES];
    static char names[RESOURCES][64];
    static pc_decision decided[RESOURCES];
    for (int place = 0; place < RESOURCES; place++) {
        snprintf(names[place], sizeof names[place], "arn:aws:s3:::reports/ann/%d.csv", place);
        resources[place] = text(names[place]);
    }
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int call = 0; call < CALLS / RESOURCES; call++) {
            bool done = pc_decide_resources(authorizer, &prepared, (pc_texts){resources, RESOURCES}, decided, &error);
            must(done ? authorizer : NULL, error);
        }
        best = least(best, (now() - start) / CALLS);
    }
    printf("%-48s %6.1f ns\n", "prepared, 1,000 resources in a call, each", best);
    plain(resource);

    best = 1e9;
    unsigned version = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int call = 0; call < CALLS; call++) {
            version += pc_abi_version();
        }
        best = least(best, (now() - start) / CALLS);
    }
    printf("%-48s %6.1f ns\n", "an empty call", best);

    pc_principal_free(principal);
    pc_site_free(site);
    pc_authorizer_free(authorizer);
    return version == 0;
}
