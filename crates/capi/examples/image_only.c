/* Decides by an image from a file, with the library that has no compiler.
 *
 *     cc -std=c11 -Iinclude examples/image_only.c -L../../target/release -lportcullis -o image_only && ./image_only FILE
 */
#define PORTCULLIS_IMAGE_ONLY
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portcullis.h"

static pc_text text(const char *own) {
    return (pc_text){.data = own, .length = strlen(own)};
}

int main(int count, char **arguments) {
    static unsigned char content[1 << 20];
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: image_only FILE\n");
        return 2;
    }
    pc_bytes bytes = {.data = content, .length = fread(content, 1, sizeof content, file)};
    fclose(file);
    pc_error *error = NULL;
    pc_image *image = pc_image_open(bytes, &error);
    const pc_image *images[] = {image};
    pc_authorizer *authorizer = image == NULL ? NULL : pc_authorizer_new(images, 1, &error);
    pc_request request = {
        .principal = text("arn:aws:iam::111122223333:role/reports"),
        .action = text("s3:GetObject"),
        .resource = text("arn:aws:s3:::example-team-data/finance/q1.csv"),
    };
    /* With null in the place of an authorizer this is denied, and an error. */
    pc_decision decision = {PC_IMPLICIT_DENY};
    if (error == NULL) {
        decision = pc_decide(authorizer, &request, &error);
    }
    if (error != NULL) {
        pc_text told = pc_error_text(error);
        fprintf(stderr, "%.*s\n", (int)told.length, told.data);
    } else {
        printf("decision %d\n", decision.code);
    }
    int status = error == NULL ? 0 : 1;
    pc_error_free(error);
    pc_authorizer_free(authorizer);
    pc_image_free(image);
    return status;
}
