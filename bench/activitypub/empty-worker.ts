// What any handler of a POST costs: it reads the body and answers.

export default {
  async fetch(request: Request): Promise<Response> {
    await request.arrayBuffer();
    return new Response(null, { status: 202 });
  },
};
