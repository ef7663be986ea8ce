/* Compiles a policy, decides and explains a request, and asks again with what was prepared.
 *
 *     cc -std=c11 -Iinclude examples/decide.c -L../../target/release -lportcullis -o decide
 */
#include <stdio.h>
#include <string.h>

#include "portcullis.h"

static const char *const POLICY =
    "{\"Version\": \"2012-10-17\", \"Statement\": {\"Sid\": \"ReadOwnFolder\", \"Effect\": \"Allow\","
    " \"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::reports/${aws:username}/*\","
    " \"Condition\": {\"IpAddress\": {\"aws:SourceIp\": \"203.0.113.0/24\"}}}}";

static pc_text text(const char *own) {
    return (pc_text){.data = own, .length = strlen(own)};
}

/* Says what failed, and ends with a status that is not 0. */
static int failed(pc_error *error) {
    pc_text told = pc_error_text(error);
    fprintf(stderr, "%.*s\n", (int)told.length, told.data);
    pc_error_free(error);
    return 1;
}

/* A document with an error has a place. */
static int shows_problems(void) {
    pc_document wrong = {.layer = PC_LAYER_IDENTITY, .name = text("typo.json"), .content = text("{\"Statement\": {\"Efect\": \"Deny\"}}")};
    pc_error *error = NULL;
    pc_image *image = pc_compile(&wrong, 1, &error);
    pc_problem problem;
    int is_told = image == NULL && pc_error_code(error) == PC_ERROR_POLICY && pc_error_problem(error, 0, &problem);
    if (is_told) {
        printf("%.*s:%zu:%zu: %.*s\n", (int)problem.file.length, problem.file.data, problem.line, problem.column,
               (int)problem.message.length, problem.message.data);
    }
    pc_image_free(image);
    pc_error_free(error);
    return is_told;
}

int main(void) {
    if (pc_abi_version() != PC_ABI_VERSION) {
        fprintf(stderr, "the library is of another version than the header\n");
        return 1;
    }
    if (!shows_problems()) {
        return 1;
    }

    pc_error *error = NULL;
    pc_document document = {.layer = PC_LAYER_IDENTITY, .name = text("reader"), .content = text(POLICY)};
    pc_image *image = pc_compile(&document, 1, &error);
    if (image == NULL) {
        return failed(error);
    }
    const pc_image *images[] = {image};
    pc_authorizer *authorizer = pc_authorizer_new(images, 1, &error);
    pc_image_free(image);
    if (authorizer == NULL) {
        return failed(error);
    }

    /* From texts. */
    pc_entry address = {.key = text("aws:SourceIp"), .value = {.kind = PC_VALUE_TEXT, .of.text = text("198.51.100.1")}};
    pc_request request = {
        .principal = text("arn:aws:iam::111122223333:user/ann"),
        .action = text("s3:GetObject"),
        .resource = text("arn:aws:s3:::reports/ann/2026.csv"),
        .context = &address,
        .context_count = 1,
    };
    pc_decision decision = pc_decide(authorizer, &request, &error);
    if (error != NULL) {
        return failed(error);
    }
    printf("from elsewhere: %d\n", decision.code);
    int is_right = decision.code == PC_IMPLICIT_DENY;

    /* Why not? */
    pc_string *why = pc_explain(authorizer, &request, PC_FORM_TEXT, &error);
    if (why == NULL) {
        return failed(error);
    }
    printf("%.*s\n", (int)pc_string_text(why).length, pc_string_text(why).data);
    pc_string_free(why);

    /* Prepared: the action with its keys once for the program, the caller once for a session. */
    pc_text key = text("aws:SourceIp");
    pc_site *site = pc_site_new(authorizer, text("s3:GetObject"), (pc_texts){.data = &key, .count = 1}, &error);
    if (site == NULL) {
        return failed(error);
    }
    pc_caller caller = {.kind = PC_CALLER_ARN, .name = request.principal};
    pc_principal *ann = pc_principal_new(authorizer, &caller, &error);
    if (ann == NULL) {
        return failed(error);
    }
    pc_value office = {.kind = PC_VALUE_IPV4, .of.address = {203, 0, 113, 9}};
    pc_request prepared = {.resolved_principal = ann, .site = site, .values = &office, .value_count = 1, .resource = request.resource};
    decision = pc_decide(authorizer, &prepared, &error);
    if (error != NULL) {
        return failed(error);
    }
    printf("from the office: %d\n", decision.code);
    is_right = is_right && decision.code == PC_ALLOW;

    /* One caller and many resources. */
    pc_text resources[] = {request.resource, text("arn:aws:s3:::reports/bob/2026.csv")};
    pc_decision decisions[2];
    if (!pc_decide_resources(authorizer, &prepared, (pc_texts){.data = resources, .count = 2}, decisions, &error)) {
        return failed(error);
    }
    printf("hers and his: %d %d\n", decisions[0].code, decisions[1].code);
    is_right = is_right && decisions[0].code == PC_ALLOW && decisions[1].code == PC_IMPLICIT_DENY;

    pc_principal_free(ann);
    pc_site_free(site);
    pc_authorizer_free(authorizer);
    return is_right ? 0 : 1;
}
